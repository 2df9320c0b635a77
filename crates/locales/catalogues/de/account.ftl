## The account page: password and sessions.

account =
    .title = Ihr Konto
    .signOutHere = Abmelden
    .changeTitle = Passwort ändern
    .changeLead = Hier bleiben Sie angemeldet. Alle anderen Geräte werden abgemeldet.
    .currentPassword = Aktuelles Passwort
    .change = Passwort ändern
    .passwordChangedTitle = Passwort geändert
    .passwordChanged = Auf allen anderen Geräten wurden Sie abgemeldet.
    .sessionsTitle = Wo Sie angemeldet sind
    .sessionsLead = Wenn Sie ein Gerät nicht kennen, melden Sie es ab und ändern Sie Ihr Passwort.
    .thisDevice = Dieses Gerät
    .signedInSince = Angemeldet seit { $at }
    .lastActive = Zuletzt aktiv { $at }
    .ip = IP-Adresse { $ip }
    .signOut = Abmelden
    .signOutOthers = Alle anderen Geräte abmelden
    .onlyHere = Sie sind nur auf diesem Gerät angemeldet.
    .sessionEndedTitle = Gerät abgemeldet
    .sessionEnded = Um sich auf diesem Gerät wieder anzumelden, ist Ihr Passwort nötig.
    .othersEndedTitle = Alle anderen Geräte sind abgemeldet
    .othersEnded = Sie sind nur auf diesem Gerät angemeldet.
