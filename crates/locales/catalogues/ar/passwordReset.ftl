## Password reset.

passwordReset =
    .title = إعادة تعيين كلمة المرور
    .description = أدخل البريد الإلكتروني لحسابك وسنرسل إليك رابطًا لاختيار كلمة مرور جديدة.
    .signedInAs = سجّلت الدخول باسم { $email }.
    .emailLabel = البريد الإلكتروني
    .sendResetLink = إرسال رابط إعادة التعيين
    .sending = جارٍ الإرسال…
    .backToLogin = العودة إلى تسجيل الدخول
    .requestSuccessTitle = تحقق من بريدك الإلكتروني
    .requestSuccess = إذا كان هناك حساب مرتبط بالعنوان { $email } فقد أرسلنا رابطًا لإعادة تعيين كلمة المرور. مدة صلاحية الرابط: { $duration }. إذا لم يصل خلال بضع دقائق، فتحقق من مجلد الرسائل غير المرغوب فيها أو أعد الإرسال.
    .newTitle = إعادة تعيين كلمة المرور
    .newDescription = اختر كلمة مرور جديدة للحساب { $email }.
    .newPassword = كلمة المرور الجديدة
    .newPasswordHint = استخدم { $min ->
        [zero] { $min } حرف
        [one] حرفًا واحدًا
        [two] حرفين
        [few] { $min } أحرف
        [many] { $min } حرفًا
       *[other] { $min } حرف
    } على الأقل. بضع كلمات عشوائية أسهل في التذكر من الرموز.
    .confirmPassword = تأكيد كلمة المرور الجديدة
    .save = إعادة تعيين كلمة المرور
    .saving = جارٍ الحفظ…
    .verifying = جارٍ التحقق من الرابط
    .successTitle = تم تغيير كلمة المرور
    .successBannerTitle = تم حفظ كلمة المرور الجديدة
    .success = يمكنك الآن تسجيل الدخول بكلمة المرور الجديدة. تم تسجيل خروجك من جميع الأجهزة الأخرى.
    .redirecting = سيتم نقلك إلى صفحة تسجيل الدخول خلال { $seconds ->
        [zero] { $seconds } ثانية
        [one] ثانية واحدة
        [two] ثانيتين
        [few] { $seconds } ثوانٍ
        [many] { $seconds } ثانية
       *[other] { $seconds } ثانية
    }.
    .signInNow = تسجيل الدخول الآن
    .invalidTokenTitle = رمز إعادة التعيين غير صالح أو انتهت صلاحيته
    .invalidToken = يعمل رابط إعادة التعيين مرة واحدة، ومدة صلاحيته: { $duration }. اطلب رابطًا جديدًا واستخدم أحدث رسالة.
    .requestNewLink = طلب رابط جديد
