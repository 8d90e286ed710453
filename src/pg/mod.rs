//! The only place of the SQL layer with `unsafe`: calls into the server.

pub mod args;
pub mod document;
pub mod message;
pub mod settings;
pub mod tuples;
pub mod window;
pub mod zone;
