//! The part of the command line that is about accounts.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

/// What to do about accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Create an account
    Create(NewUser),
    /// List all accounts
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show an account
    Show {
        /// E-mail address or id
        user: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Set a password; ends all sessions and tells the owner by mail
    SetPassword {
        /// E-mail address or id
        user: String,
        /// Read the password from standard input instead of asking for it
        #[arg(long)]
        password_stdin: bool,
    },
    /// Print a one-time link to choose a new password, for when mail does not work
    ResetLink {
        /// E-mail address or id
        user: String,
    },
    /// Let an account sign in again
    Activate {
        /// E-mail address or id
        user: String,
    },
    /// Keep an account from signing in and end all its sessions
    Deactivate {
        /// E-mail address or id
        user: String,
    },
    /// Delete an account with everything that belongs to it
    Delete {
        /// E-mail address or id
        user: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Add accounts of another system, one JSON object a line
    Import(Import),
    /// Print everything about one account, or all accounts so that another system can take them
    Export(Export),
}

/// Accounts that come.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file; `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Find out what would become of each line, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Add accounts whose password hash cannot be used without a password: their owners take
    /// "Forgot password?"
    #[arg(long)]
    pub(crate) drop_unusable_hashes: bool,
    /// The report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Accounts that leave.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true))]
pub(crate) struct Export {
    /// E-mail address or id: everything that is kept about that person
    #[arg(group = "whom")]
    pub(crate) user: Option<String>,
    /// All accounts, one JSON object a line, as `user import` reads them
    #[arg(long, group = "whom")]
    pub(crate) all: bool,
    /// With their password hashes: whoever reads them can try passwords at leisure
    #[arg(long, requires = "all")]
    pub(crate) with_password_hashes: bool,
}

/// A new account.
#[derive(Debug, Args)]
pub(crate) struct NewUser {
    /// The address that identifies the account
    #[arg(long)]
    pub(crate) email: String,
    /// The user name [default: made from the address]
    #[arg(long)]
    pub(crate) username: Option<String>,
    /// Read the password from standard input instead of asking for it
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// What to do about administrators.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Create an administrator
    Create(NewUser),
    /// List the administrators
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Make an account an administrator
    Promote {
        /// E-mail address or id
        user: String,
    },
    /// Take an administrator's rights
    Demote {
        /// E-mail address or id
        user: String,
    },
}
