//! `vestibule user` and `vestibule admin`.

use std::io::{IsTerminal, Write as _};

use anyhow::{Context, anyhow};
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::user::{User, UserFilter};
use vestibule_domain::model::username::Username;
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::administration;

use super::user_lookup::{PAGE, as_json, find};
use super::{export, import, open, passwords, print_json, print_line};
use crate::app::App;
use crate::cli::{self, Admin, NewUser, Place};
use crate::failure::Failure;

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
            administration.set_password(&AdminContext::operator(), &user, &password).await?;
            done(&user, "has a new password; all sessions were ended");
        }
        cli::User::ResetLink { user } => {
            let branding = app.branding()?;
            let user = find(&app, &user).await?;
            let token = app.state.recovery.issue_by_hand(&user).await?;
            let link = branding.choose_password(&token).context("the token fits no link")?;
            print_line(&link);
        }
        cli::User::Activate { user } => {
            let user = find(&app, &user).await?;
            administration.activate(&AdminContext::operator(), &user).await?;
            done(&user, "is active");
        }
        cli::User::Deactivate { user } => {
            let user = find(&app, &user).await?;
            administration.deactivate(&AdminContext::operator(), &user).await?;
            done(&user, "is inactive; all sessions were ended");
        }
        cli::User::Delete { user, yes } => {
            let user = find(&app, &user).await?;
            if !yes {
                confirm(&format!("Delete {} for ever?", user.email.as_str()))?;
            }
            administration.delete(&AdminContext::operator(), user.id).await?;
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
            app.administration.set_admin(&AdminContext::operator(), &user, true).await?;
            done(&user, "is an administrator");
        }
        Admin::Demote { user } => {
            let user = find(&app, &user).await?;
            app.administration.set_admin(&AdminContext::operator(), &user, false).await?;
            done(&user, "is no longer an administrator");
        }
    }
    Ok(())
}

async fn create(app: &App, new: NewUser, is_admin: bool) -> Result<(), Failure> {
    let email = EmailAddress::parse(&new.email).map_err(anyhow::Error::from)?;
    let name = new.username.unwrap_or_else(|| Username::stem(&email));
    let username = Username::parse(&name).with_context(|| format!("username {name:?}"))?;
    let policy = app.administration.password_policy();
    let password = passwords::choose(new.password_stdin, policy)?;
    let new = administration::NewUser { email, username, password: Some(password), is_admin };
    let user = app.administration.create(&AdminContext::operator(), new).await?;
    done(&user, if is_admin { "is an administrator" } else { "was created" });
    Ok(())
}

async fn list(app: &App, json: bool, admins_only: bool) -> Result<(), Failure> {
    let filter = UserFilter { admins_only, text: None };
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|user: &User| user.id);
        let page = app.administration.list(&AdminContext::operator(), &filter, after, PAGE).await?;
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
        return Err(anyhow!("{question} not a terminal; use --yes").into());
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
