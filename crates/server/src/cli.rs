//! The command line, as it is typed.

mod accounts;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use vestibule_tokens::Purpose;

pub(crate) use self::accounts::{Admin, Export, Import, NewUser, User};
use crate::config::Overrides;

/// User accounts for a service: sign-up, sign-in, password recovery by e-mail, sessions.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, about, propagate_version = true)]
pub(crate) struct Cli {
    /// Where the configuration is.
    #[command(flatten)]
    pub(crate) place: Place,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the configuration and the data are.
#[derive(Clone, Debug, Args)]
pub(crate) struct Place {
    /// The configuration file [default: vestibule.toml, if it exists]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Where the database and the keys are kept; overrides `server.data_dir`
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data_dir: Option<PathBuf>,
}

impl Place {
    /// The part of the configuration that stands on the command line.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            file: self.config.clone(),
            data_dir: self.data_dir.clone(),
            ..Overrides::default()
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service: API and mail worker in one process
    Serve(Serve),
    /// Run the mail worker alone
    Worker,
    /// Bring the database up to date, or tell how far it is
    Migrate {
        /// What to do.
        #[arg(value_enum, default_value_t = Migrate::Up)]
        action: Migrate,
        /// `status` as JSON
        #[arg(long)]
        json: bool,
    },
    /// Copy the SQLite database while it is in use
    Backup {
        /// Where to; must not exist yet
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Look for what is wrong with the installation, and say what to do about it
    Doctor {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Move everything from the SQLite database to an empty PostgreSQL database
    Move(Move),
    /// End every session and link of a database that was restored; before it is served
    AfterRestore,
    /// Print, check or explain the configuration
    Config {
        /// What to do.
        #[command(subcommand)]
        action: Config,
    },
    /// Manage accounts
    User {
        /// What to do.
        #[command(subcommand)]
        action: User,
    },
    /// Manage administrators
    Admin {
        /// What to do.
        #[command(subcommand)]
        action: Admin,
    },
    /// Try the e-mail settings, list mails and send them again
    Mail {
        /// What to do.
        #[command(subcommand)]
        action: Mail,
    },
    /// Manage the keys that tokens are signed with
    Keys {
        /// What to do.
        #[command(subcommand)]
        action: Keys,
    },
    /// Print the OpenAPI document
    Openapi {
        /// YAML instead of JSON
        #[arg(long)]
        yaml: bool,
    },
    /// Ask a running service whether it is ready; for containers
    Healthcheck,
    /// Print what makes a shell complete this command line
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page of this program or of one of its commands
    Man {
        /// The command, such as `user create` [default: the program]
        command: Vec<String>,
    },
}

/// How to serve.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Try-out on this machine: mails are kept and shown at /dev/mail, nothing has to be set up
    #[arg(long)]
    pub(crate) dev: bool,
    /// Where to listen; overrides `server.listen`
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Leave the sending of mail to `vestibule worker`
    #[arg(long)]
    pub(crate) no_worker: bool,
    /// Refuse to start when the database is not up to date instead of migrating it
    #[arg(long)]
    pub(crate) no_migrate: bool,
}

/// Where to move.
#[derive(Debug, Args)]
pub(crate) struct Move {
    /// The address of the PostgreSQL database. Keep its password out of it: PGPASSWORD or
    /// ~/.pgpass are read
    #[arg(long, value_name = "postgres://…")]
    pub(crate) to: String,
    /// Do everything, look whether it succeeded, and leave the target as it was
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What was moved as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do about the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Migrate {
    /// Apply what is pending
    Up,
    /// Tell what is applied and what is pending
    Status,
}

/// What to do about the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print a commented configuration file
    Init,
    /// Tell everything that is wrong with the configuration
    Check,
    /// Print the values in force and where they come from; secrets are masked
    Show {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the reference of all keys as Markdown
    #[command(hide = true)]
    Reference,
}

/// What to do about mail.
#[derive(Debug, Subcommand)]
pub(crate) enum Mail {
    /// Send a test mail the way real mail is sent
    Test {
        /// Where to send it
        #[arg(long, value_name = "ADDR")]
        to: String,
    },
    /// List mails, the newest first: what they are and what became of them, never what they say
    List {
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Send a mail again at once, whatever became of it
    Resend {
        /// The mail's id, as `mail list` prints it
        id: String,
    },
}

/// What to do about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// List all keys
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Sign with a new key from now on; what the old one signed stays valid
    Rotate {
        /// access, reset or seal [default: all]
        purpose: Option<Purpose>,
    },
    /// Stop accepting what a key has signed, at once
    Retire {
        /// The key's id, as `keys list` prints it
        kid: String,
    },
}
