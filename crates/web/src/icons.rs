//! SVG icons for inlining: 24 by 24, strokes of 2, round caps and joins.

const FRAME_START: &str = concat!(
    r#"<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" "#,
    r#"fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" "#,
    r#"stroke-linejoin="round">"#
);
const FRAME_END: &str = "</svg>";

const ICONS: [(&str, &str); 9] = [
    ("arrow-left", include_str!("../assets/icons/arrow-left.svg")),
    ("circle-alert", include_str!("../assets/icons/circle-alert.svg")),
    ("circle-check", include_str!("../assets/icons/circle-check.svg")),
    ("key", include_str!("../assets/icons/key.svg")),
    ("loader", include_str!("../assets/icons/loader.svg")),
    ("lock", include_str!("../assets/icons/lock.svg")),
    ("log-in", include_str!("../assets/icons/log-in.svg")),
    ("mail", include_str!("../assets/icons/mail.svg")),
    ("send", include_str!("../assets/icons/send.svg")),
];

/// Returns the markup of an icon, hidden from assistive technology, with an optional CSS class.
pub(crate) fn markup(name: &str, class: Option<&str>) -> Option<String> {
    let (_, drawing) = ICONS.iter().find(|(known, _)| *known == name)?;
    let strokes = drawing.trim_end().strip_prefix(FRAME_START)?.strip_suffix(FRAME_END)?;
    let class = class.map(|class| format!(" {class}")).unwrap_or_default();
    Some(format!(
        "<svg class=\"i{class}\" width=\"24\" height=\"24\" viewBox=\"0 0 24 24\" fill=\"none\" \
         stroke=\"currentColor\" stroke-width=\"2\" stroke-linecap=\"round\" \
         stroke-linejoin=\"round\" aria-hidden=\"true\" focusable=\"false\">{strokes}</svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_has_the_same_attributes() {
        for (name, _) in ICONS {
            let markup = markup(name, Some("flip")).unwrap();
            assert!(markup.starts_with("<svg class=\"i flip\""), "{name}");
            assert!(markup.contains("aria-hidden=\"true\" focusable=\"false\""), "{name}");
        }
        assert_eq!(markup("unknown", None), None);
    }
}
