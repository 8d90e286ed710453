//! The tricks of the visit engine, whose files are read from there.

#[path = "../../../src/visits/loser_tree.rs"]
mod loser_tree;
#[path = "../../../src/visits/uuid.rs"]
mod uuid;
#[path = "../../../src/visits/visitor.rs"]
#[allow(dead_code)]
mod visitor;

mod hashes;
mod merge;
mod order;
mod uuids;
