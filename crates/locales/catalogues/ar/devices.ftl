## مصدر الطلب، كما يرد داخل الجملة.

devices =
    .browserOnSystem = { $browser } على { $system }
    .unknownBrowser = متصفح غير معروف على { $system }
    .unknown = جهاز غير معروف
