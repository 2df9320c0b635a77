## Validation errors. Server and script show the same sentence at the field and in the summary.
## `passwordMismatch` is shown at the field only.

validation =
    .emailRequired = أدخل بريدك الإلكتروني
    .emailFormat = أدخل بريدًا إلكترونيًا بالصيغة الصحيحة، مثل name@example.com
    .emailTooLong = يجب ألا يتجاوز البريد الإلكتروني 254 حرفًا
    .emailTaken = يوجد حساب بهذا البريد الإلكتروني. سجّل الدخول أو أعد تعيين كلمة المرور.
    .usernameLength = يجب أن يتكون اسم المستخدم من 3 إلى 32 حرفًا
    .usernameCharacters = يُسمح في اسم المستخدم فقط بالأحرف من A إلى Z والأرقام والنقاط والشرطات والشرطات السفلية
    .usernameTaken = اسم المستخدم هذا محجوز. اختر اسمًا آخر.
    .passwordRequired = أدخل كلمة المرور
    .newPasswordRequired = أدخل كلمة مرور جديدة
    .confirmRequired = أدخل كلمة المرور الجديدة مرة أخرى
    .passwordMismatch = كلمتا المرور غير متطابقتين
    .passwordTooShort = يجب ألا تقل كلمة المرور عن { $min ->
        [zero] { $min } حرف
        [one] حرف واحد
        [two] حرفين
        [few] { $min } أحرف
        [many] { $min } حرفًا
       *[other] { $min } حرف
    }
    .passwordTooLong = يجب ألا تتجاوز كلمة المرور 256 حرفًا
    .passwordReused = اختر كلمة مرور مختلفة عن كلمة المرور الحالية
    .passwordCommon = كلمة المرور هذه شائعة جدًا ويسهل تخمينها. اختر كلمة مرور أخرى.
    .passwordPersonal = اختر كلمة مرور لا تعتمد على بريدك الإلكتروني أو اسم المستخدم أو «{ $product }»
    .currentPasswordRequired = أدخل كلمة المرور الحالية
    .incorrectPassword = كلمة المرور الحالية غير صحيحة
    .invalidCredentials = البريد الإلكتروني أو كلمة المرور غير صحيحة
    .accountInactive = هذا الحساب معطّل. تواصل مع المسؤول.
    .hostRequired = أدخل مضيف SMTP، مثل smtp.example.com
    .hostFormat = أدخل اسم مضيف SMTP أو عنوانه فقط، مثل smtp.example.com
    .portRange = يجب أن يكون المنفذ رقمًا من 1 إلى 65535
    .securityUnknown = اختر STARTTLS أو TLS أو بدون
    .fromRequired = أدخل بريد المرسل
    .fromFormat = أدخل بريد المرسل بالصيغة الصحيحة، مثل name@example.com
    .fromAscii = أدخل بريد المرسل بأحرف ASCII فقط: بعض الخوادم لا تدعم غيرها
    .fromNameFormat = يجب أن يكون اسم المرسل سطرًا واحدًا لا يتجاوز 64 حرفًا
    .smtpCredentials = أدخل اسم المستخدم وكلمة المرور معًا أو اتركهما فارغين
    .smtpPasswordLost = لم يعد من الممكن قراءة كلمة المرور المحفوظة. أدخلها مرة أخرى.
    .smtpPasswordRequired = أدخل كلمة المرور مرة أخرى لأن المضيف أو المنفذ أو الأمان أو اسم المستخدم قد تغيّر
    .smtpUnencrypted = اختر STARTTLS أو TLS: لا تُرسل كلمة المرور دون تشفير إلى جهاز آخر
    .testToRequired = أدخل عنوان الرسالة التجريبية
    .ownPasswordRequired = أدخل كلمة مرور حسابك
    .ownPasswordWrong = كلمة مرور حسابك غير صحيحة
