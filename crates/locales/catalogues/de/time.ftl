## Zeitpunkte und Zeitspannen. Zeitspannen stehen im Akkusativ: „gilt 2 Tage“.

time =
    .moment = { $day }. { $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    } { $year }, { $clock } Uhr UTC
    .clock = { $clock } Uhr UTC
    .days = { $count ->
        [one] { $count } Tag
       *[other] { $count } Tage
    }
    .hours = { $count ->
        [one] { $count } Stunde
       *[other] { $count } Stunden
    }
    .minutes = { $count ->
        [one] { $count } Minute
       *[other] { $count } Minuten
    }
    .lessThanAMinute = weniger als eine Minute
    .joined = { $first } { $second }
