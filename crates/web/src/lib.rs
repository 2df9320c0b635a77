//! Server-rendered pages for people without a client application.
