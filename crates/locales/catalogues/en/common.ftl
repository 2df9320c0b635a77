## Texts that are used on all pages.

common =
    .skip = Skip to main content
    .accountNavigation = Your account
    .loading = Loading…
    .error = Something went wrong on our side. Try again in a few minutes.
    .errorTitle = Request failed
    .errorPrefix = Error:
    .problem = There is a problem
    .tooManyTitle = Too many attempts
    .tooManyRequests = Wait { $wait } and try again.
    .optional = (optional)
    .theme = Colours
    .themeAuto = Auto
    .themeLight = Light
    .themeDark = Dark
    .language = Language
