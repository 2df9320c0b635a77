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
