## Dates, times and durations. All languages use Western digits.

time =
    .moment = { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }, { $clock } UTC
    .clock = { $clock } UTC
    .days = { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
    .hours = { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    }
    .minutes = { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
    .lessThanAMinute = less than a minute
    .joined = { $first } { $second }
