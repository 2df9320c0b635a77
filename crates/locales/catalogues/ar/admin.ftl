## The administration: settings of outgoing e-mail, users, and what was sent.

admin =
    .navigation = الإدارة
    .settingsLink = الإعدادات
    .usersLink = المستخدمون
    .mailLink = الرسائل
    .mailMissingTitle = لم يتم إعداد خادم SMTP
    .mailMissing = لا تصل أي رسائل إلى أحد، بما فيها روابط إعادة التعيين.
    .mailMissingLink = الانتقال إلى الإعدادات
    .nextPage = الصفحة التالية
    .notDoneTitle = لم تُنفَّذ العملية

    .settingsTitle = إعدادات البريد الإلكتروني
    .settingsLead = تُستخدم لرسائل إعادة تعيين كلمة المرور والترحيب والأمان.
    .statusNone = لم يتم الإعداد.
    .statusNoneNext = لا تُرسل أي رسائل، بما فيها روابط إعادة التعيين.
    .statusKept = هذا تشغيل تجريبي.
    .statusKeptNext = تُحفظ الرسائل ولا يُرسل أي منها. تجدها هنا: /dev/mail
    .statusLost = لم يعد من الممكن قراءة كلمة المرور المحفوظة.
    .statusLostNext = لا تُرسل أي رسائل. أدخلها مرة أخرى.
    .statusUntested = تم الحفظ دون اختبار.
    .statusUntestedNext = أرسل رسالة تجريبية للتأكد.
    .statusWorking = يعمل:
    .statusWorkingSince = أُرسلت رسالة تجريبية إلى { $to } في { $at }.
    .statusFailing = فشل آخر اختبار
    .statusFailingSince = في { $at }.
    .warnStartTlsOn465 = يستخدم المنفذ 465 عادةً TLS. إذا فشل الاختبار فاختر TLS.
    .warnTlsOn587 = يستخدم المنفذان 25 و587 عادةً STARTTLS. إذا فشل الاختبار فاختر STARTTLS.
    .warnNoProtection = بدون حماية يمكن لأي شخص على الطريق قراءة الرسائل وروابط إعادة التعيين فيها.
    .fixedLead = تحدد ملفات التهيئة هذه القيم، لذلك لا يمكن تغييرها هنا.
    .setByEnvironment = محدد بواسطة { $variable }. غيّره هناك.
    .setInFile = محدد في { $file }. غيّره هناك.
    .serverTitle = الخادم
    .serverLead = خادم SMTP الذي يستلم رسائلك.
    .host = مضيف SMTP
    .port = المنفذ
    .security = أمان الاتصال
    .starttls = STARTTLS (المنفذ المعتاد 587)
    .tls = TLS (المنفذ المعتاد 465)
    .none = بدون (لخادم محلي فقط)
    .credentialsTitle = بيانات الدخول
    .credentialsLead = اترك الحقلين فارغين إذا كان الخادم لا يطلبهما.
    .username = اسم المستخدم
    .password = كلمة المرور
    .passwordIsSet = توجد كلمة مرور محفوظة. اترك الحقل فارغًا للاحتفاظ بها.
    .removePassword = إزالة كلمة المرور المحفوظة
    .senderTitle = المرسل
    .senderLead = الجهة التي تصدر عنها الرسائل.
    .fromEmail = بريد المرسل
    .fromName = اسم المرسل
    .testTitle = الاختبار
    .testLead = تُظهر الرسالة التجريبية ما إذا كان كل شيء صحيحًا.
    .testTo = إرسال الرسالة التجريبية إلى
    .confirmTitle = أكّد هويتك
    .yourPassword = كلمة مرورك أنت
    .yourPasswordHint = مطلوبة لأنك سجّلت الدخول قبل أكثر من 5 دقائق.
    .save = حفظ
    .saveAndTest = حفظ وإرسال رسالة تجريبية
    .sendTest = إرسال رسالة تجريبية
    .sendingTest = جارٍ إرسال الرسالة التجريبية…
    .savedTitle = تم حفظ الإعدادات
    .saved = تُستخدم من الآن فصاعدًا.
    .testSentTitle = تم إرسال الرسالة التجريبية
    .testSent = تحقق من صندوق بريد { $to }.
    .serverReply = رد الخادم:
    .testNotSentTitle = لم تُرسل الرسالة التجريبية
    .savedAnyway = تم حفظ الإعدادات.

    .usersTitle = المستخدمون
    .usersLead = كل من لديه حساب هنا.
    .searchLabel = البريد الإلكتروني أو اسم المستخدم
    .search = بحث
    .nobodyFound = لا توجد نتائج للبحث عن «{ $query }».
    .nobody = لا توجد حسابات بعد.
    .showAll = عرض الجميع
    .thisIsYou = هذا أنت
    .isAdmin = مسؤول
    .isActive = نشط
    .isDeactivated = معطّل
    .since = منذ { $at }
    .sendReset = إرسال رابط إعادة التعيين
    .endSessions = إنهاء الجلسات
    .promote = تعيين مسؤولًا
    .demote = إلغاء صفة المسؤول
    .activate = تفعيل
    .deactivate = تعطيل
    .doneTitle = تم
    .activated = يمكن لصاحب الحساب { $email } تسجيل الدخول مجددًا.
    .deactivated = لم يعد بإمكان صاحب الحساب { $email } تسجيل الدخول، وتم تسجيل خروجه من كل مكان.
    .resetSent = رابط إعادة التعيين في طريقه إلى { $email }.
    .sessionsEnded = تم تسجيل خروج صاحب الحساب { $email } من كل مكان.
    .promoted = أصبح صاحب الحساب { $email } مسؤولًا.
    .demoted = لم يعد صاحب الحساب { $email } مسؤولًا.
    .gone = لم يعد هذا الحساب موجودًا.
    .yourself = لا يمكنك فعل ذلك بحسابك أنت. تواصل مع مسؤول آخر.
    .inactive = هذا الحساب معطّل. فعّله أولًا.

    .mailTitle = الرسائل
    .mailLead = الرسائل المنتظرة والمرسلة والفاشلة، الأحدث أولًا.
    .noMail = لم تُرسل أي رسالة بعد.
    .mailWelcome = ترحيب
    .mailResetLink = رابط إعادة التعيين
    .mailPasswordChanged = تغيير كلمة المرور
    .waiting = قيد الانتظار
    .sent = أُرسلت
    .failed = فشلت
    .withdrawn = سُحبت
    .recipient = إلى { $email }
    .queuedAt = أُدرجت في { $at }
    .attempts = { $count ->
        [zero] بلا محاولات
        [one] محاولة واحدة
        [two] محاولتان
        [few] { $count } محاولات
        [many] { $count } محاولة
       *[other] { $count } محاولة
    }
    .nextAttempt = المحاولة التالية { $at }
    .sentAt = أُرسلت في { $at }
    .failedAt = توقفت المحاولات في { $at }
    .withdrawnAt = سُحبت في { $at }
    .reason = السبب:
    .resend = إعادة الإرسال
    .queuedTitle = في الطريق
    .queued = تُرسل الرسالة مجددًا خلال دقيقة.
    .cannotResend = لا يمكن إرسال هذه الرسالة مجددًا: لم يعد رابطها أو حسابها موجودًا.
