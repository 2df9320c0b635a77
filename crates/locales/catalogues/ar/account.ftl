## The account page: password and sessions.

account =
    .title = حسابك
    .signOutHere = تسجيل الخروج
    .changeTitle = تغيير كلمة المرور
    .changeLead = تبقى مسجّل الدخول هنا، ويتم تسجيل خروجك من جميع الأجهزة الأخرى.
    .currentPassword = كلمة المرور الحالية
    .change = تغيير كلمة المرور
    .passwordChangedTitle = تم تغيير كلمة المرور
    .passwordChanged = تم تسجيل خروجك من جميع الأجهزة الأخرى.
    .sessionsTitle = الأجهزة التي سجّلت الدخول منها
    .sessionsLead = إذا لم تتعرّف على أحد الأجهزة، فسجّل خروجه وغيّر كلمة المرور.
    .thisDevice = هذا الجهاز
    .signedInSince = مسجّل الدخول منذ { $at }
    .lastActive = آخر نشاط { $at }
    .ip = عنوان IP: { $ip }
    .signOut = تسجيل الخروج
    .signOutOthers = تسجيل الخروج من جميع الأجهزة الأخرى
    .onlyHere = أنت مسجّل الدخول على هذا الجهاز فقط.
    .sessionEndedTitle = تم تسجيل خروج الجهاز
    .sessionEnded = يتطلب تسجيل الدخول مجددًا على ذلك الجهاز إدخال كلمة المرور.
    .othersEndedTitle = تم تسجيل الخروج من جميع الأجهزة الأخرى
    .othersEnded = أنت مسجّل الدخول على هذا الجهاز فقط.
