//! `vestibule user` and `vestibule admin`.

use std::io::{IsTerminal, Write as _};

use anyhow::{Context, anyhow};
use serde_json::{Value, json};
use vestibule_domain::administration;
use vestibule_domain::authority::Authority;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::id::UserId;
use vestibule_domain::user::{User, UserFilter};
use vestibule_domain::username::Username;

use super::{export, import, open, passwords, print_json, print_line, rfc3339};
use crate::app::App;
use crate::cli::{self, Admin, NewUser, Place};
use crate::failure::Failure;

/// How many accounts are read at a time.
pub(super) const PAGE: u32 = 500;

/// Whoever runs a command on the machine.
pub(super) fn operator() -> Authority {
    Authority::operator()
}

/// Manages accounts.
pub(super) async fn user(place: &Place, action: cli::User) -> Result<(), Failure> {
    let app = open(place).await?;
    let administration = &app.administration;
    match action {
        cli::User::Create(new) => create(&app, new, false).await?,
        cli::User::List { json } => list(&app, json, false).await?,
        cli::User::Show { user, json } => {
            let user = find(&app, &user).await?;
            if json {
                print_json(&as_json(&user));
            } else {
                print_line(&as_line(&user));
            }
        }
        cli::User::SetPassword { user, password_stdin } => {
            let user = find(&app, &user).await?;
            let password = passwords::choose(password_stdin, administration.password_policy())?;
            administration.set_password(&operator(), &user, &password).await?;
            done(&user, "has a new password; all sessions have ended");
        }
        cli::User::ResetLink { user } => {
            let letterhead = app.letterhead()?;
            let user = find(&app, &user).await?;
            let token = app.state.recovery.issue_by_hand(&user).await?;
            let link = letterhead.choose_password(&token).context("the token fits no link")?;
            print_line(&link);
        }
        cli::User::Activate { user } => {
            let user = find(&app, &user).await?;
            administration.activate(&operator(), &user).await?;
            done(&user, "is active");
        }
        cli::User::Deactivate { user } => {
            let user = find(&app, &user).await?;
            administration.deactivate(&operator(), &user).await?;
            done(&user, "is inactive; all sessions have ended");
        }
        cli::User::Delete { user, yes } => {
            let user = find(&app, &user).await?;
            if !yes {
                confirm(&format!("Delete {} for ever?", user.email.as_str()))?;
            }
            administration.delete(&operator(), user.id).await?;
            done(&user, "is deleted");
        }
        cli::User::Import(options) => import::run(&app, &options).await?,
        cli::User::Export(options) => export::run(&app, &options).await?,
    }
    Ok(())
}

/// Manages administrators.
pub(super) async fn admin(place: &Place, action: Admin) -> Result<(), Failure> {
    let app = open(place).await?;
    match action {
        Admin::Create(new) => create(&app, new, true).await?,
        Admin::List { json } => list(&app, json, true).await?,
        Admin::Promote { user } => {
            let user = find(&app, &user).await?;
            app.administration.set_admin(&operator(), &user, true).await?;
            done(&user, "is an administrator");
        }
        Admin::Demote { user } => {
            let user = find(&app, &user).await?;
            app.administration.set_admin(&operator(), &user, false).await?;
            done(&user, "is no administrator");
        }
    }
    Ok(())
}

async fn create(app: &App, new: NewUser, is_admin: bool) -> Result<(), Failure> {
    let email = EmailAddress::parse(&new.email).map_err(anyhow::Error::from)?;
    let name = new.username.unwrap_or_else(|| Username::stem(&email));
    let username = Username::parse(&name).with_context(|| format!("user name {name:?}"))?;
    let policy = app.administration.password_policy();
    let password = passwords::choose(new.password_stdin, policy)?;
    let new = administration::NewUser { email, username, password: Some(password), is_admin };
    let user = app.administration.create(&operator(), new).await?;
    done(&user, if is_admin { "is an administrator" } else { "is created" });
    Ok(())
}

pub(super) async fn find(app: &App, user: &str) -> Result<User, Failure> {
    if let Ok(id) = user.parse() {
        return Ok(app.administration.find(&operator(), UserId::from_uuid(id)).await?);
    }
    let email = EmailAddress::parse(user)
        .map_err(|error| anyhow!("{user:?} is neither an id nor an e-mail address: {error}"))?;
    Ok(app.administration.find_by_email(&operator(), &email).await?)
}

async fn list(app: &App, json: bool, admins_only: bool) -> Result<(), Failure> {
    let filter = UserFilter { admins_only, text: None };
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|user: &User| user.id);
        let page = app.administration.list(&operator(), &filter, after, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        all.extend(page);
        if is_last {
            break;
        }
    }
    if json {
        print_json(&all.iter().map(as_json).collect());
    } else {
        for user in &all {
            print_line(&as_line(user));
        }
    }
    Ok(())
}

pub(super) fn as_json(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "email": user.email.as_str(),
        "username": user.username.as_str(),
        "is_active": user.is_active,
        "is_admin": user.is_admin,
        "created_at": rfc3339(user.created_at),
    })
}

fn as_line(user: &User) -> String {
    let state = if user.is_active { "active" } else { "inactive" };
    let role = if user.is_admin { "admin" } else { "user" };
    let (email, name) = (user.email.as_str(), user.username.as_str());
    format!("{}  {state:<8}  {role:<5}  {email}  {name}", user.id)
}

fn done(user: &User, what: &str) {
    print_line(&format!("{} {what}", user.email.as_str()));
}

#[expect(clippy::print_stderr, reason = "a question to the person at the terminal")]
fn confirm(question: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(anyhow!("{question} There is nobody to ask; use --yes").into());
    }
    eprint!("{question} [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("y") {
        Ok(())
    } else {
        Err(anyhow!("nothing was changed").into())
    }
}
