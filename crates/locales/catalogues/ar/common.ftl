## Texts that are used on all pages.

common =
    .skip = انتقل إلى المحتوى الرئيسي
    .accountNavigation = حسابك
    .loading = جارٍ التحميل…
    .error = حدث خطأ من جانبنا. حاول مرة أخرى بعد بضع دقائق.
    .errorTitle = فشل الطلب
    .errorPrefix = خطأ:
    .problem = هناك مشكلة
    .tooManyTitle = محاولات كثيرة جدًا
    .tooManyRequests = مدة الانتظار: { $wait }. حاول مرة أخرى بعد ذلك.
    .optional = (اختياري)
    .theme = الألوان
    .themeAuto = تلقائي
    .themeLight = فاتح
    .themeDark = داكن
    .language = اللغة
