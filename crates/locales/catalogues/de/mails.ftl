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
    .notYouQuestion = Sie haben dieses Konto nicht erstellt?
    .notYou = Jemand hat Ihre Adresse eingegeben. Sie können diese E-Mail ignorieren.

mailReset =
    .subject = { $product }: Passwort zurücksetzen
    .preview = Der Link gilt einmal und { $lifetime }. Wenn Sie ihn nicht angefordert haben, können Sie diese E-Mail ignorieren.
    .heading = Passwort zurücksetzen
    .lead = Jemand hat angefordert, das Passwort des { $product }-Kontos für { $email } zurückzusetzen.
    .open = Öffnen Sie diesen Link, um ein neues Passwort festzulegen. Er gilt einmal, bis { $until } ({ $lifetime }):
    .press = Verwenden Sie diesen Link, um ein neues Passwort festzulegen. Er gilt einmal, bis { $until } ({ $lifetime }).
    .button = Neues Passwort festlegen
    .notYouQuestion = Sie haben das nicht angefordert?
    .notYou = Ignorieren Sie diese E-Mail. Ihr Passwort bleibt unverändert.
    .origin = Angefordert am { $at } ({ $place }).

mailChanged =
    .subject = Ihr { $product }-Passwort wurde geändert
    .preview = Wenn Sie das nicht waren, setzen Sie Ihr Passwort jetzt zurück.
    .heading = Ihr Passwort wurde geändert
    .lead = Das Passwort Ihres { $product }-Kontos { $email } wurde am { $at } geändert ({ $place }). Alle anderen Geräte wurden abgemeldet.
    .youQuestion = Das waren Sie?
    .you = Dann brauchen Sie nichts zu tun.
    .notYouQuestion = Das waren nicht Sie?
    .notYou = Setzen Sie Ihr Passwort jetzt zurück:
    .notYouPress = Setzen Sie Ihr Passwort jetzt zurück.
    .button = Passwort zurücksetzen
    .afterwards = Prüfen Sie danach Ihr E-Mail-Konto: Vielleicht kann es jemand mitlesen.

mailDisabled =
    .subject = Ihr { $product }-Passwort wurde gesperrt
    .preview = Setzen Sie Ihr Passwort zurück, um sich wieder anzumelden.
    .heading = Ihr Passwort wurde gesperrt
    .lead = Für Ihr { $product }-Konto { $email } wurden zu viele falsche Passwörter hintereinander eingegeben, das letzte am { $at } ({ $place }). Keines davon hat das Konto geöffnet. Ihr Passwort gilt nicht mehr. Ihr Konto bleibt bestehen, und angemeldete Geräte bleiben angemeldet.
    .open = Setzen Sie Ihr Passwort zurück, um sich wieder anzumelden:
    .press = Setzen Sie Ihr Passwort zurück, um sich wieder anzumelden.
    .button = Passwort zurücksetzen
    .youQuestion = Das waren Sie?
    .you = Dann brauchen Sie sonst nichts zu tun.
    .notYouQuestion = Das waren nicht Sie?
    .notYou = Jemand hat versucht, Ihr Passwort zu erraten. Wählen Sie ein neues, das Sie nirgends sonst verwenden.

mailSignIn =
    .subject = Anmeldung bei { $product } nach Fehlversuchen
    .preview = Wenn Sie das nicht waren, setzen Sie Ihr Passwort jetzt zurück.
    .heading = Anmeldung nach vielen Fehlversuchen
    .lead = Jemand hat sich am { $at } bei Ihrem { $product }-Konto { $email } angemeldet ({ $place }). Zuvor wurden dafür viele falsche Passwörter eingegeben.
    .youQuestion = Das waren Sie?
    .you = Dann brauchen Sie nichts zu tun.
    .notYouQuestion = Das waren nicht Sie?
    .notYou = Dann kennt jemand Ihr Passwort. Setzen Sie es jetzt zurück:
    .notYouPress = Dann kennt jemand Ihr Passwort. Setzen Sie es jetzt zurück.
    .button = Passwort zurücksetzen
    .afterwards = Damit werden alle Geräte abgemeldet. Wenn Sie dasselbe Passwort auch anderswo verwenden, ändern Sie es auch dort.

mailReused =
    .subject = Eine { $product }-Sitzung wurde beendet
    .preview = Vielleicht hat jemand ein Anmeldetoken von Ihnen kopiert.
    .heading = Eine Ihrer Sitzungen wurde beendet
    .lead = Eine App hat am { $at } ein Anmeldetoken Ihres { $product }-Kontos { $email } verwendet ({ $place }). Das Token war schon gegen ein neues eingetauscht, daher hat vielleicht jemand eine Kopie. Wir haben die zugehörige Sitzung beendet; auch Kopien gelten nicht mehr.
    .youQuestion = Das waren Sie?
    .you = Melden Sie sich in dieser App neu an.
    .notYouQuestion = Das waren nicht Sie, oder Ihnen fällt noch etwas auf?
    .notYou = Setzen Sie Ihr Passwort jetzt zurück:
    .notYouPress = Setzen Sie Ihr Passwort jetzt zurück.
    .button = Passwort zurücksetzen
    .afterwards = Damit werden alle Geräte abgemeldet.

mailTest =
    .subject = Test-E-Mail von { $product }
    .preview = Ihre E-Mail-Einstellungen funktionieren.
    .heading = Test-E-Mail
    .lead = Dies ist ein Test. Ihre E-Mail-Einstellungen funktionieren.
    .origin = Gesendet am { $at } über { $route }.
    .startTls = { $relay } (STARTTLS)
    .tls = { $relay } (TLS)
    .unencrypted = { $relay } (unverschlüsselt)
    .kept = die lokale Ablage (nichts hat diesen Rechner verlassen)
