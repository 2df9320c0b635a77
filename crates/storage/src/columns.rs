//! Conversion between columns and domain values that occur in several tables.
//!
//! A value that cannot be read is reported as corrupt, never replaced by a default.

use time::OffsetDateTime;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::id::ResetId;
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::ports::StoreError;

use crate::error::corrupt;

/// Returns a time in microseconds since the Unix epoch.
pub(crate) fn micros(moment: OffsetDateTime) -> i64 {
    let micros = moment.unix_timestamp_nanos().div_euclid(1000);
    // `time` ends with the year 9999, which fits into 64 bits.
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// Reads a time.
pub(crate) fn moment(micros: i64) -> Result<OffsetDateTime, StoreError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).map_err(corrupt)
}

/// Reads an optional time.
pub(crate) fn moment_or_null(micros: Option<i64>) -> Result<Option<OffsetDateTime>, StoreError> {
    micros.map(moment).transpose()
}

/// Returns the columns for a client's IP address and user agent.
pub(crate) fn client_columns(client: &ClientInfo) -> (Option<String>, Option<String>) {
    (client.ip.map(|ip| ip.to_string()), client.user_agent().map(ToOwned::to_owned))
}

/// Reads a client's IP address and user agent.
pub(crate) fn client(ip: Option<&str>, user_agent: Option<&str>) -> Result<ClientInfo, StoreError> {
    let ip = ip.map(str::parse).transpose().map_err(corrupt)?;
    Ok(ClientInfo::new(ip, user_agent))
}

/// Reads the id of a password reset.
pub(crate) fn reset_id(bytes: Vec<u8>) -> Result<ResetId, StoreError> {
    let bytes = <[u8; 16]>::try_from(bytes)
        .map_err(|bytes| corrupt(format!("a reset has an id of {} bytes", bytes.len())))?;
    Ok(ResetId::from_bytes(bytes))
}

/// Reads a digest.
pub(crate) fn digest(bytes: Vec<u8>) -> Result<SecretDigest, StoreError> {
    let bytes = <[u8; 32]>::try_from(bytes)
        .map_err(|bytes| corrupt(format!("a digest has {} bytes", bytes.len())))?;
    Ok(SecretDigest::from_bytes(bytes))
}

/// Returns the column of a digest.
pub(crate) fn digest_column(digest: &SecretDigest) -> Vec<u8> {
    digest.as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn times_keep_microseconds() {
        for nanos in [0, 1_000, 1_756_728_000_123_456_000, -1_000] {
            let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
            assert_eq!(moment(micros(at)).unwrap(), at);
        }
        let finer = OffsetDateTime::UNIX_EPOCH + Duration::nanoseconds(1_999);
        assert_eq!(micros(finer), 1);
        assert!(matches!(moment(i64::MAX), Err(StoreError::Corrupt(_))));
    }

    #[test]
    fn unreadable_values_are_corrupt() {
        assert!(matches!(client(Some("localhost"), None), Err(StoreError::Corrupt(_))));
        assert!(matches!(reset_id(vec![0; 15]), Err(StoreError::Corrupt(_))));
        assert!(matches!(digest(vec![0; 33]), Err(StoreError::Corrupt(_))));
    }
}
