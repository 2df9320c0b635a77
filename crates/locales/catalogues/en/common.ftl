## What every page may say.

common =
    .skip = Skip to main content
    .accountNavigation = Your account
    .loading = Loading…
    .error = Something went wrong on our side. Try again in a few minutes.
    .errorTitle = That did not work
    .errorPrefix = Error:
    .problem = There is a problem
    .tooManyTitle = Too many tries
    .tooManyRequests = Wait { $wait } and try again.
    .optional = (optional)
    .theme = Colours
    .themeAuto = Auto
    .themeLight = Light
    .themeDark = Dark
    .language = Language
