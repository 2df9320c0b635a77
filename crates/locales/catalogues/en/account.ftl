## The account page: password and sessions.

account =
    .title = Your account
    .signOutHere = Sign Out
    .changeTitle = Change password
    .changeLead = You stay signed in here. All other devices are signed out.
    .currentPassword = Current password
    .change = Change Password
    .passwordChangedTitle = Password changed
    .passwordChanged = You are signed out on all other devices.
    .sessionsTitle = Where you are signed in
    .sessionsLead = If you do not recognise a device, sign it out and change your password.
    .thisDevice = This device
    .signedInSince = Signed in since { $at }
    .lastActive = Last active { $at }
    .ip = IP address { $ip }
    .signOut = Sign Out
    .signOutOthers = Sign Out All Other Devices
    .onlyHere = You are signed in only on this device.
    .sessionEndedTitle = Device signed out
    .sessionEnded = To sign in again on that device, your password is required.
    .othersEndedTitle = All other devices are signed out
    .othersEnded = You are signed in only on this device.
