//! The only place of the SQL layer with `unsafe`: calls into the server.

pub mod message;
pub mod settings;
pub mod zone;
