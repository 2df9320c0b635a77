## Texts that are used on all pages.

common =
    .skip = Zum Hauptinhalt springen
    .accountNavigation = Ihr Konto
    .loading = Wird geladen…
    .error = Bei uns ist ein Fehler aufgetreten. Versuchen Sie es in einigen Minuten erneut.
    .errorTitle = Anfrage fehlgeschlagen
    .errorPrefix = Fehler:
    .problem = Es gibt ein Problem
    .tooManyTitle = Zu viele Versuche
    .tooManyRequests = Warten Sie { $wait } und versuchen Sie es erneut.
    .optional = (optional)
    .theme = Farben
    .themeAuto = Automatisch
    .themeLight = Hell
    .themeDark = Dunkel
    .language = Sprache
