## ما الذي حدث مع خادم البريد، وما الخطوة التالية.
## يظهر في صفحة إعدادات البريد وفي سطر الأوامر.

# حقول إعدادات البريد كما تسميها الصفحة.
-host = «{ admin.host }»
-port = «{ admin.port }»
-security = «{ admin.security }»
-user = «{ admin.username }»
-password = «{ admin.password }»
-from = «{ admin.fromEmail }»

smtp =
    .credentialsRefused = رفض { $relay } اسم المستخدم أو كلمة المرور ({ $reply }). تحقق من { -user } و{ -password }: فكثير من المزوّدين يطلبون هنا كلمة مرور خاصة بالتطبيقات.
    .signInFirst = يطلب { $relay } تسجيل الدخول أولًا ({ $reply }). املأ { -user } و{ -password }.
    .notReady = لا يستطيع { $relay } قبول هذه الرسالة الآن ({ $stage }: { $reply }). تُعاد محاولة إرسال الرسائل المنتظرة تلقائيًا. إذا استمر ذلك، فراجع سجل خادم البريد.
    .senderRefused = رفض { $relay } المرسِل ({ $reply }). تحقق من أن هذا الحساب مسموح له بالإرسال باستخدام { -from }.
    .recipientRefused = رفض { $relay } المستلم ({ $reply }). تحقق من العنوان، ومن أن خادم البريد مسموح له بالإرسال إلى نطاقات أخرى.
    .refused = جاء الرفض من { $relay } ({ $stage }: { $reply }). تواصل مع الجهة التي تدير خادم البريد.

    .nothingListens = لا شيء يجيب على { $relay }. تحقق من { -host } و{ -port }، ومن أن خادم البريد يعمل.
    .unknownHost = لم يُعثر على اسم المضيف في { $relay } ({ $reason }). تحقق من { -host } ومن إعدادات DNS في هذا الجهاز.
    .unreachable = تعذّر الوصول إلى { $relay } ({ $reason }). تحقق من { -host } و{ -port }، ومن الشبكة وجدران الحماية على الطريق.
    .broken = انقطع الاتصال مع { $relay } ({ $stage }: { $reason }). أعد المحاولة. إذا استمر ذلك، فراجع سجل خادم البريد.

    .hostTimeout = لم يُعثر على اسم المضيف في { $relay } في الوقت المحدد. تحقق من إعدادات DNS في هذا الجهاز.
    .connectTimeout = لم يُجب { $relay } في الوقت المحدد. تحقق من { -host } و{ -port }. تحجب شبكات كثيرة المنفذ 25: جرّب 587 أو 465.
    .silent = لم يرسل { $relay } تحية البدء في الوقت المحدد. ربما يتوقع الخادم TLS منذ البداية: تحقق من أن { -security } يناسب { -port } (عادةً TLS على 465 وSTARTTLS على 587).
    .tlsTimeout = لم يُجب { $relay } عبر TLS في الوقت المحدد. تحقق من أن { -security } يناسب { -port } (عادةً TLS على 465 وSTARTTLS على 587).
    .stalled = توقف { $relay } عن الإجابة ({ $stage }). راجع سجل خادم البريد.

    .expectsStartTls = لا يتحدث { $relay } بروتوكول TLS منذ البداية ({ $reason }). هذا الخادم يتوقع STARTTLS: اختر STARTTLS ضمن { -security } (المنفذ المعتاد 587).
    .noStartTls = لا يوفّر { $relay } خدمة STARTTLS، ولذلك لم يُرسل شيء. اختر TLS ضمن { -security } مع منفذه (عادةً 465)، أو فعّل STARTTLS في خادم البريد.
    .tlsFailed = تعذّر الاتفاق على TLS بين { $relay } وهذا الجهاز ({ $reason }). تحقق من أن { -security } يناسب { -port } (عادةً TLS على 465 وSTARTTLS على 587).

    .certificateUnknown = شهادة { $relay } صادرة عن جهة لا يثق بها هذا الجهاز. إذا كانت الجهة تابعة لك، فضع شهادتها في mail.ca_file.
    .certificateName = شهادة { $relay } صادرة لاسم آخر. ضع في { -host } اسمًا موجودًا في الشهادة.
    .certificateExpired = انتهت صلاحية شهادة { $relay }. اطلب تجديدها، وتحقق من ساعة هذا الجهاز.
    .certificateEarly = لم تبدأ صلاحية شهادة { $relay } بعد. تحقق من ساعة هذا الجهاز.
    .certificateRefused = شهادة { $relay } غير مقبولة ({ $reason }). اطلب استبدالها: لا يمكن إيقاف هذا التحقق. أما شهادة الجهة التابعة لك فمكانها mail.ca_file.

    .noMechanism = لا يوفّر { $relay } لتسجيل الدخول PLAIN ولا LOGIN. تحقق من أن { -port } مخصص للإرسال (غالبًا 587)، أو اترك { -user } و{ -password } فارغين.
    .notSmtp = أنهى { $relay } الاتصال أو أنه لا يتحدث SMTP ({ $stage }). تحقق من { -port }، ومن أن { -security } يناسبه (عادةً TLS على 465 وSTARTTLS على 587).
    .noUtf8 = لا يوفّر { $relay } خدمة SMTPUTF8، فلا يمكنه نقل عنوان فيه أحرف من خارج ASCII. استخدم عنوانًا آخر أو خادم بريد يوفّرها.
    .badAddress = لا يمكن إرسال بريد إلى هذا العنوان. استخدم عنوانًا آخر.
    .notKept = تعذّر حفظ الرسالة في { $relay } ({ $reason }). تحقق من إمكانية الكتابة فيه.
    .notWritten = تعذّرت كتابة الرسالة ({ $reason }). تحقق من قوالبك ونصوصك الخاصة إن وُجدت، وإلا فأبلغ عن ذلك بوصفه خطأ.

smtpStage =
    .writing = عند كتابة الرسالة
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
