//! The command line, parsed with clap. Doc comments of commands and options are the help texts.

mod users;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use vestibule_tokens::Purpose;

pub(crate) use self::users::{Admin, Export, Import, NewUser, User};
use crate::config::Overrides;

/// User accounts for a service: sign-up, sign-in, password recovery by email, sessions.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, about, propagate_version = true)]
pub(crate) struct Cli {
    /// Location of the configuration and data.
    #[command(flatten)]
    pub(crate) place: Place,
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Location of the configuration and data.
#[derive(Clone, Debug, Args)]
pub(crate) struct Place {
    /// Configuration file [default: vestibule.toml, if it exists]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Directory of the database and keys; overrides `server.data_dir`
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data_dir: Option<PathBuf>,
}

impl Place {
    /// Returns the configuration values that the command line sets.
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
    /// Run the service: pages, API and mail worker in one process
    #[command(
        after_help = "Examples:\n  vestibule serve --dev\n  vestibule serve --config /etc/vestibule.toml"
    )]
    Serve(Serve),
    /// Run only the mail worker
    #[command(after_help = "Example:\n  vestibule worker --config /etc/vestibule.toml")]
    Worker,
    /// Apply database migrations, or show their status
    #[command(after_help = "Examples:\n  vestibule migrate\n  vestibule migrate status --json")]
    Migrate {
        /// The command.
        #[arg(value_enum, default_value_t = Migrate::Up)]
        action: Migrate,
        /// Print `status` as JSON
        #[arg(long)]
        json: bool,
    },
    /// Back up the SQLite database while it is in use
    #[command(after_help = "Example:\n  vestibule backup /var/backups/vestibule.db")]
    Backup {
        /// Backup file; must not exist
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Check the installation and print how to fix problems
    #[command(after_help = "Example:\n  vestibule doctor")]
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Move all data from SQLite to an empty PostgreSQL database
    #[command(
        after_help = "Example:\n  vestibule move --to postgres://vestibule@db.example.com/vestibule --dry-run"
    )]
    Move(Move),
    /// Revoke all sessions and reset links after restoring a backup; run before `serve`
    #[command(after_help = "Example:\n  vestibule after-restore")]
    AfterRestore,
    /// Print, check or show the configuration
    #[command(
        after_help = "Examples:\n  vestibule config init > vestibule.toml\n  vestibule config check"
    )]
    Config {
        /// The command.
        #[command(subcommand)]
        action: Config,
    },
    /// Manage user accounts
    #[command(
        after_help = "Examples:\n  vestibule user create --email anna@example.com\n  vestibule user reset-link anna@example.com"
    )]
    User {
        /// The command.
        #[command(subcommand)]
        action: User,
    },
    /// Manage administrators
    #[command(after_help = "Example:\n  vestibule admin promote anna@example.com")]
    Admin {
        /// The command.
        #[command(subcommand)]
        action: Admin,
    },
    /// Send a test mail, list mails, and send them again
    #[command(after_help = "Example:\n  vestibule mail test --to admin@example.com")]
    Mail {
        /// The command.
        #[command(subcommand)]
        action: Mail,
    },
    /// Manage token signing keys
    #[command(after_help = "Examples:\n  vestibule keys list\n  vestibule keys rotate access")]
    Keys {
        /// The command.
        #[command(subcommand)]
        action: Keys,
    },
    /// Print the OpenAPI document
    #[command(after_help = "Example:\n  vestibule openapi --yaml > openapi.yaml")]
    Openapi {
        /// Print YAML instead of JSON
        #[arg(long)]
        yaml: bool,
    },
    /// Check that a running service is ready, for containers
    #[command(after_help = "Example:\n  vestibule healthcheck")]
    Healthcheck,
    /// Generate shell completions
    #[command(
        after_help = "Example:\n  vestibule completions bash > /etc/bash_completion.d/vestibule"
    )]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page of the program or of a command
    #[command(after_help = "Example:\n  vestibule man user create | man -l -")]
    Man {
        /// Command, such as `user create` [default: the program]
        command: Vec<String>,
    },
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Run locally without configuration: mails are shown at /dev/mail instead of being sent
    #[arg(long)]
    pub(crate) dev: bool,
    /// Address to listen on; overrides `server.listen`
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Do not run the mail worker; run `vestibule worker` instead
    #[arg(long)]
    pub(crate) no_worker: bool,
    /// Do not migrate the database; refuse to start if migrations are pending
    #[arg(long)]
    pub(crate) no_migrate: bool,
}

/// Options of `move`.
#[derive(Debug, Args)]
pub(crate) struct Move {
    /// URL of the PostgreSQL database; set the password with PGPASSWORD or ~/.pgpass
    #[arg(long, value_name = "postgres://…")]
    pub(crate) to: String,
    /// Move and verify everything, then roll back
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Actions of `migrate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Migrate {
    /// Apply pending migrations
    Up,
    /// Show applied and pending migrations
    Status,
}

/// Subcommands of `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print a commented configuration file with the defaults
    Init,
    /// Validate the configuration and print all errors
    Check,
    /// Print the effective values and their sources; secrets are masked
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the reference of all keys as Markdown
    #[command(hide = true)]
    Reference,
}

/// Subcommands of `mail`.
#[derive(Debug, Subcommand)]
pub(crate) enum Mail {
    /// Send a test mail through the configured SMTP server
    Test {
        /// Recipient
        #[arg(long, value_name = "ADDR")]
        to: String,
    },
    /// List mails and their delivery state, the newest first
    List {
        /// Maximum number of mails to print
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Send a mail again at once, in any state
    Resend {
        /// Id of the mail, from `mail list`
        id: String,
    },
}

/// Subcommands of `keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// List all keys
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Create a new signing key; tokens of the old one stay valid
    Rotate {
        /// Purpose: access, reset or seal [default: all]
        purpose: Option<Purpose>,
    },
    /// Reject all tokens of a key from now on
    Retire {
        /// Id of the key, from `keys list`
        kid: String,
    },
}
