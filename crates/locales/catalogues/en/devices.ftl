## What a request came from, within a sentence.

devices =
    .browserOnSystem = { $browser } on { $system }
    .unknownBrowser = an unknown browser on { $system }
    .unknown = an unknown device
