//! Turns a message into bytes and delivers it.
