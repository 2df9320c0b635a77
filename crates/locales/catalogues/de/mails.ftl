## Die Texte aller E-Mails. Ein Betreff hat mit dem Produktnamen höchstens 50 Zeichen.

mailParts =
    .fallback = Falls die Schaltfläche nicht funktioniert, kopieren Sie diese Adresse in Ihren Browser:
    .neverAsk = Wir fragen Sie nie per E-Mail nach Ihrem Passwort.
    .place = { $device }, { $ip }

mailWelcome =
    .subject = Willkommen bei { $product }
    .preview = Ihr Konto ist bereit.
    .heading = Willkommen bei { $product }
    .lead = Ihr { $product }-Konto für { $email } ist bereit.
    .open = Hier melden Sie sich an:
    .button = Anmelden
    .notYouQuestion = Haben Sie dieses Konto nicht erstellt?
    .notYou = Vielleicht wurde Ihre Adresse versehentlich eingegeben. Sie können diese E-Mail ignorieren.

mailReset =
    .subject = { $product }: Passwort zurücksetzen
    .preview = Der Link gilt einmal und { $lifetime }. Wenn Sie ihn nicht angefordert haben, können Sie diese E-Mail ignorieren.
    .heading = Passwort zurücksetzen
    .lead = Wir haben eine Anfrage erhalten, das Passwort des { $product }-Kontos für { $email } zurückzusetzen.
    .open = Öffnen Sie diesen Link, um ein neues Passwort festzulegen. Er gilt einmal, bis { $until } ({ $lifetime }):
    .press = Verwenden Sie diesen Link, um ein neues Passwort festzulegen. Er gilt einmal, bis { $until } ({ $lifetime }).
    .button = Neues Passwort festlegen
    .notYouQuestion = Haben Sie das nicht angefordert?
    .notYou = Ignorieren Sie diese E-Mail. Ihr Passwort ändert sich nicht.
    .origin = Angefordert am { $at } ({ $place }).

mailChanged =
    .subject = Ihr { $product }-Passwort wurde geändert
    .preview = Wenn Sie das nicht waren, setzen Sie Ihr Passwort jetzt zurück.
    .heading = Ihr Passwort wurde geändert
    .lead = Das Passwort Ihres { $product }-Kontos { $email } wurde am { $at } geändert ({ $place }). Alle anderen Geräte wurden abgemeldet.
    .youQuestion = Waren Sie das?
    .you = Dann müssen Sie nichts tun.
    .notYouQuestion = Waren Sie das nicht?
    .notYou = Setzen Sie Ihr Passwort jetzt zurück:
    .notYouPress = Setzen Sie Ihr Passwort jetzt zurück.
    .button = Passwort zurücksetzen
    .afterwards = Prüfen Sie danach Ihr E-Mail-Konto: Vielleicht kann eine andere Person Ihre E-Mails lesen.

mailDisabled =
    .subject = Ihr { $product }-Passwort wurde gesperrt
    .preview = Setzen Sie Ihr Passwort zurück, um sich wieder anzumelden.
    .heading = Ihr Passwort wurde gesperrt
    .lead = Für Ihr { $product }-Konto { $email } wurden zu viele falsche Passwörter hintereinander eingegeben, das letzte am { $at } ({ $place }). Keine der Anmeldungen war erfolgreich. Ihr Passwort gilt nicht mehr. Ihr Konto bleibt bestehen, und angemeldete Geräte bleiben angemeldet.
    .open = Setzen Sie Ihr Passwort zurück, um sich wieder anzumelden:
    .press = Setzen Sie Ihr Passwort zurück, um sich wieder anzumelden.
    .button = Passwort zurücksetzen
    .youQuestion = Waren Sie das?
    .you = Dann müssen Sie sonst nichts tun.
    .notYouQuestion = Waren Sie das nicht?
    .notYou = Vielleicht hat eine andere Person versucht, Ihr Passwort zu erraten. Wählen Sie ein neues, das Sie nirgends sonst verwenden.

mailSignIn =
    .subject = Anmeldung bei { $product } nach Fehlversuchen
    .preview = Wenn Sie das nicht waren, setzen Sie Ihr Passwort jetzt zurück.
    .heading = Anmeldung nach vielen Fehlversuchen
    .lead = Bei Ihrem { $product }-Konto { $email } gab es am { $at } eine Anmeldung ({ $place }). Zuvor wurden viele falsche Passwörter eingegeben.
    .youQuestion = Waren Sie das?
    .you = Dann müssen Sie nichts tun.
    .notYouQuestion = Waren Sie das nicht?
    .notYou = Dann kennt eine andere Person Ihr Passwort. Setzen Sie es jetzt zurück:
    .notYouPress = Dann kennt eine andere Person Ihr Passwort. Setzen Sie es jetzt zurück.
    .button = Passwort zurücksetzen
    .afterwards = Damit werden alle Geräte abgemeldet. Wenn Sie dasselbe Passwort auch anderswo verwenden, ändern Sie es auch dort.

mailReused =
    .subject = Eine { $product }-Sitzung wurde beendet
    .preview = Vielleicht wurde ein Anmeldetoken Ihres Kontos kopiert.
    .heading = Eine Ihrer Sitzungen wurde beendet
    .lead = Eine App hat am { $at } ein Anmeldetoken Ihres { $product }-Kontos { $email } verwendet ({ $place }). Das Token war bereits gegen ein neues eingetauscht, daher wurde es vielleicht kopiert. Wir haben die zugehörige Sitzung beendet; Kopien des Tokens gelten nicht mehr.
    .youQuestion = Waren Sie das?
    .you = Melden Sie sich in dieser App neu an.
    .notYouQuestion = Waren Sie das nicht, oder fällt Ihnen etwas Ungewöhnliches auf?
    .notYou = Setzen Sie Ihr Passwort jetzt zurück:
    .notYouPress = Setzen Sie Ihr Passwort jetzt zurück.
    .button = Passwort zurücksetzen
    .afterwards = Damit werden alle Geräte abgemeldet.

mailTest =
    .subject = Test-E-Mail von { $product }
    .preview = Ihre SMTP-Einstellungen funktionieren.
    .heading = Test-E-Mail
    .lead = Dies ist ein Test. Ihre SMTP-Einstellungen funktionieren.
    .origin = Gesendet am { $at } über { $route }.
    .startTls = { $server } (STARTTLS)
    .tls = { $server } (TLS)
    .unencrypted = { $server } (unverschlüsselt)
    .kept = das Entwicklungspostfach (nicht gesendet)
