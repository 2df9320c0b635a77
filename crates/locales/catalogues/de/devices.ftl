## Browser und Betriebssystem einer Anfrage, im Nominativ.

devices =
    .browserOnSystem = { $browser } unter { $system }
    .unknownBrowser = unbekannter Browser unter { $system }
    .unknown = unbekanntes Gerät
