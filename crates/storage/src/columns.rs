//! Domain values as columns and back, where one value type appears in several tables.
//!
//! Whatever cannot be read back is corruption, never a default.

use time::OffsetDateTime;
use vestibule_domain::caller::Caller;
use vestibule_domain::ports::StoreError;
use vestibule_domain::reset::ResetId;
use vestibule_domain::secret::SecretDigest;

use crate::error::corrupt;

/// A moment as the number of microseconds since the Unix epoch.
pub(crate) fn micros(moment: OffsetDateTime) -> i64 {
    let micros = moment.unix_timestamp_nanos().div_euclid(1000);
    // `time` ends in the year 9999, long before 64 bits do.
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// The moment a column holds.
pub(crate) fn moment(micros: i64) -> Result<OffsetDateTime, StoreError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).map_err(corrupt)
}

/// The moment a column holds, if it holds one.
pub(crate) fn moment_or_null(micros: Option<i64>) -> Result<Option<OffsetDateTime>, StoreError> {
    micros.map(moment).transpose()
}

/// The columns of a caller's address and user agent.
pub(crate) fn caller_columns(caller: &Caller) -> (Option<String>, Option<String>) {
    (caller.ip.map(|ip| ip.to_string()), caller.user_agent().map(ToOwned::to_owned))
}

/// The caller two columns hold.
pub(crate) fn caller(ip: Option<&str>, user_agent: Option<&str>) -> Result<Caller, StoreError> {
    let ip = ip.map(str::parse).transpose().map_err(corrupt)?;
    Ok(Caller::new(ip, user_agent))
}

/// The reset identifier a column holds.
pub(crate) fn reset_id(bytes: Vec<u8>) -> Result<ResetId, StoreError> {
    let bytes = <[u8; 16]>::try_from(bytes)
        .map_err(|bytes| corrupt(format!("a reset has an id of {} bytes", bytes.len())))?;
    Ok(ResetId::from_bytes(bytes))
}

/// The digest a column holds.
pub(crate) fn digest(bytes: Vec<u8>) -> Result<SecretDigest, StoreError> {
    let bytes = <[u8; 32]>::try_from(bytes)
        .map_err(|bytes| corrupt(format!("a digest has {} bytes", bytes.len())))?;
    Ok(SecretDigest::from_bytes(bytes))
}

/// The column of a digest.
pub(crate) fn digest_column(digest: &SecretDigest) -> Vec<u8> {
    digest.as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn moments_survive_to_the_microsecond() {
        for nanos in [0, 1_000, 1_756_728_000_123_456_000, -1_000] {
            let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
            assert_eq!(moment(micros(at)).unwrap(), at);
        }
        let finer = OffsetDateTime::UNIX_EPOCH + Duration::nanoseconds(1_999);
        assert_eq!(micros(finer), 1);
        assert!(matches!(moment(i64::MAX), Err(StoreError::Corrupt(_))));
    }

    #[test]
    fn what_cannot_be_read_is_corrupt() {
        assert!(matches!(caller(Some("localhost"), None), Err(StoreError::Corrupt(_))));
        assert!(matches!(reset_id(vec![0; 15]), Err(StoreError::Corrupt(_))));
        assert!(matches!(digest(vec![0; 33]), Err(StoreError::Corrupt(_))));
    }
}
