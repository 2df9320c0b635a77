//! The store, in SQL through SeaORM.
