## أخطاء خادم SMTP وكيفية إصلاحها.
## تظهر في صفحة إعدادات SMTP وفي سطر الأوامر.

# حقول صفحة إعدادات SMTP.
-host = «{ admin.host }»
-port = «{ admin.port }»
-security = «{ admin.security }»
-user = «{ admin.username }»
-password = «{ admin.password }»
-from = «{ admin.fromEmail }»

smtp =
    .credentialsRefused = رفض { $server } اسم المستخدم أو كلمة المرور ({ $reply }). تحقق من { -user } و{ -password }: فكثير من المزوّدين يطلبون هنا كلمة مرور خاصة بالتطبيقات.
    .signInFirst = يتطلب { $server } تسجيل الدخول ({ $reply }). املأ { -user } و{ -password }.
    .notReady = لا يستطيع { $server } قبول هذه الرسالة الآن ({ $stage }: { $reply }). تُعاد محاولة إرسال الرسائل المنتظرة تلقائيًا. إذا استمرت المشكلة، فراجع سجل خادم SMTP.
    .senderRefused = رفض { $server } المرسِل ({ $reply }). تحقق من أن هذا الحساب مسموح له بالإرسال باستخدام { -from }.
    .recipientRefused = رفض { $server } المستلم ({ $reply }). تحقق من العنوان، ومن أن خادم SMTP مسموح له بالإرسال إلى نطاقات أخرى.
    .refused = رفض { $server } الرسالة ({ $stage }: { $reply }). تواصل مع مسؤول خادم SMTP.

    .nothingListens = رفض { $server } الاتصال. تحقق من { -host } و{ -port }، ومن أن خادم SMTP يعمل.
    .unknownHost = لم يُعثر على اسم المضيف في { $server } ({ $reason }). تحقق من { -host } ومن إعدادات DNS في هذا الجهاز.
    .unreachable = تعذّر الوصول إلى { $server } ({ $reason }). تحقق من { -host } و{ -port }، ومن الشبكة وجدران الحماية.
    .broken = انقطع الاتصال مع { $server } ({ $stage }: { $reason }). أعد المحاولة. إذا استمرت المشكلة، فراجع سجل خادم SMTP.

    .hostTimeout = لم يُعثر على اسم المضيف في { $server } في الوقت المحدد. تحقق من إعدادات DNS في هذا الجهاز.
    .connectTimeout = لم يُجب { $server } في الوقت المحدد. تحقق من { -host } و{ -port }. تحجب شبكات كثيرة المنفذ 25: جرّب 587 أو 465.
    .silent = لم يرسل { $server } تحية البدء في الوقت المحدد. ربما يتوقع الخادم TLS منذ البداية: تحقق من أن { -security } يناسب { -port } (عادةً TLS على 465 وSTARTTLS على 587).
    .tlsTimeout = انتهت مهلة مصافحة TLS مع { $server }. تحقق من أن { -security } يناسب { -port } (عادةً TLS على 465 وSTARTTLS على 587).
    .stalled = توقف { $server } عن الإجابة ({ $stage }). راجع سجل خادم SMTP.

    .expectsStartTls = لا يستخدم { $server } بروتوكول TLS منذ البداية ({ $reason }). هذا الخادم يتوقع STARTTLS: اختر STARTTLS ضمن { -security } (المنفذ المعتاد 587).
    .noStartTls = لا يدعم { $server } خدمة STARTTLS، ولذلك لم يُرسل شيء. اختر TLS ضمن { -security } مع منفذه (عادةً 465)، أو فعّل STARTTLS في خادم SMTP.
    .tlsFailed = فشلت مصافحة TLS مع { $server } ({ $reason }). تحقق من أن { -security } يناسب { -port } (عادةً TLS على 465 وSTARTTLS على 587).

    .certificateUnknown = شهادة { $server } صادرة عن جهة إصدار لا يثق بها هذا الجهاز. إذا كانت الجهة تابعة لك، فضع شهادتها في mail.ca_file.
    .certificateName = شهادة { $server } صادرة لاسم آخر. ضع في { -host } اسمًا موجودًا في الشهادة.
    .certificateExpired = انتهت صلاحية شهادة { $server }. جدّدها، وتحقق من ساعة هذا الجهاز.
    .certificateEarly = لم تبدأ صلاحية شهادة { $server } بعد. تحقق من ساعة هذا الجهاز.
    .certificateRefused = شهادة { $server } غير صالحة ({ $reason }). استبدلها: لا يمكن إيقاف هذا التحقق. أما شهادة جهة الإصدار التابعة لك فمكانها mail.ca_file.

    .noMechanism = لا يدعم { $server } لتسجيل الدخول PLAIN ولا LOGIN. تحقق من أن { -port } مخصص للإرسال (غالبًا 587)، أو اترك { -user } و{ -password } فارغين.
    .notSmtp = أغلق { $server } الاتصال أو أنه ليس خادم SMTP ({ $stage }). تحقق من { -port }، ومن أن { -security } يناسبه (عادةً TLS على 465 وSTARTTLS على 587).
    .noUtf8 = لا يدعم { $server } خدمة SMTPUTF8، فلا يمكنه الإرسال إلى عنوان فيه أحرف من خارج ASCII. استخدم عنوانًا آخر أو خادم SMTP يدعم SMTPUTF8.
    .badAddress = لا يمكن إرسال بريد إلى هذا العنوان. استخدم عنوانًا آخر.
    .notKept = تعذّر حفظ الرسالة في { $server } ({ $reason }). تحقق من إمكانية الكتابة فيه.
    .notWritten = تعذّر إنشاء الرسالة ({ $reason }). تحقق من قوالبك ونصوصك الخاصة إن وُجدت، وإلا فأبلغ عن ذلك بوصفه خطأ.

smtpStage =
    .writing = عند إنشاء الرسالة
    .resolving = عند البحث عن المضيف
    .connecting = عند الاتصال
    .tls = عند إعداد TLS
    .greeting = عند انتظار التحية
    .hello = عند EHLO
    .startTls = عند STARTTLS
    .signIn = عند AUTH
    .sender = عند MAIL FROM
    .recipient = عند RCPT TO
    .data = عند DATA
    .delivery = عند تسليم الرسالة
