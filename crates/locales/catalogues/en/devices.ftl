## Browser and operating system of a request, within a sentence.

devices =
    .browserOnSystem = { $browser } on { $system }
    .unknownBrowser = an unknown browser on { $system }
    .unknown = an unknown device
