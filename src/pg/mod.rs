//! The only place of the SQL layer with `unsafe`: calls into the server.

pub mod args;
pub mod document;
pub mod function;
pub mod message;
pub mod query;
pub mod row;
pub mod scan;
pub mod settings;
pub mod store;
pub mod stream;
pub mod text;
pub mod text_array;
pub mod tuples;
pub mod window;
pub mod zone;
