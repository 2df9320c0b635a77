//! The embedded templates.

/// Name and source of every template.
pub(crate) const TEMPLATES: [(&str, &str); 17] = [
    ("base.html", include_str!("../../templates/base.html")),
    ("admin.html", include_str!("../../templates/admin.html")),
    ("macros.html", include_str!("../../templates/macros.html")),
    ("pages/account.html", include_str!("../../templates/pages/account.html")),
    ("pages/admin_mail.html", include_str!("../../templates/pages/admin_mail.html")),
    ("pages/admin_settings.html", include_str!("../../templates/pages/admin_settings.html")),
    ("pages/admin_users.html", include_str!("../../templates/pages/admin_users.html")),
    ("pages/choose_password.html", include_str!("../../templates/pages/choose_password.html")),
    ("pages/failure.html", include_str!("../../templates/pages/failure.html")),
    (
        "pages/invalid_reset_link.html",
        include_str!("../../templates/pages/invalid_reset_link.html"),
    ),
    ("pages/login.html", include_str!("../../templates/pages/login.html")),
    ("pages/request_reset.html", include_str!("../../templates/pages/request_reset.html")),
    ("pages/reset_done.html", include_str!("../../templates/pages/reset_done.html")),
    ("pages/setup.html", include_str!("../../templates/pages/setup.html")),
    ("pages/setup_closed.html", include_str!("../../templates/pages/setup_closed.html")),
    ("pages/signup.html", include_str!("../../templates/pages/signup.html")),
    ("pages/signup_closed.html", include_str!("../../templates/pages/signup_closed.html")),
];
