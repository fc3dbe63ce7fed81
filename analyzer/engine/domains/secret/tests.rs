//! Credentials and their names. Whatever has a vendor's format is put together here, so that scanners of this source stay quiet.

use super::*;

#[test]
fn expressions_compile() {
    assert!((0..ASSIGNMENTS.len()).all(|at| assignment(at).is_some()));
}

#[test]
fn credentials() {
    let letters = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5";
    let rows = [
        ("AKIA", "IOSFODNN7EXAMPLE", true),
        ("export AWS_ACCESS_KEY_ID=AKIA", "Q7ZJ4XWMEIK3TN2A\n", true),
        ("aws_secret_access_key = \"wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYzzzz123456\"", true),
        ("wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYzzzz123456", true),
        ("gh", &format!("p_{letters}"), true),
        ("xo", "xb-123456789012-abcdefghij", true),
        ("sk_", &format!("live_{letters}"), true),
        ("AI", "zaSyA-1234567890abcdefghijklmnopqrstu", true),
        ("-----BEGIN RSA PRIVATE ", "KEY-----\nMIIEpAIBAAKCAQEA1", true),
        ("-----BEGIN RSA PRIVATE ", "KEY-----\n...", false),
        ("-----BEGIN PUBLIC ", "KEY-----\nMIIEpAIBAAKCAQEA1", false),
        ("eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", true),
        ("AccountKey=", &format!("{letters}{letters}abcdefghijklmn=="), true),
        ("postgres://app:", "s3same@db:5432/app", true),
        ("postgres://app:", "${PASSWORD}@db:5432/app", false),
        ("postgres://app@db:5432/", "app", false),
        ("https://example.com:8080/", "a@b", false),
        ("REDIS_MASTER_PASSWORD=", "abcd1234", true),
        ("export DB_PASSWORD='", "Hunter2!'", true),
        ("export DB_PASSWORD=\\\"", "CorrectHorseBattery\\\"", true),
        ("export DB_PASSWORD=", "CorrectHorseBattery", true),
        ("export PASSWORD_POLICY=", "CorrectHorseBattery", false),
        ("DB_PASSWORD=", "CorrectHorseBattery", false),
        ("password: ", "Aa12345678", true),
        ("{\"password\": \"", "Tr0ub4dor&3\"}", true),
        ("mysqldump --password ", "Tr0ub4dor", true),
        ("curl -H 'Authorization: Bearer ", "abc123def456ghi'", true),
        ("authorization:basic ", "abc123de", true),
        ("password = ", "changeme123", false),
        ("DB_PASSWORD=", "${DB_PASSWORD}", false),
        ("DB_PASSWORD=", "$DB_PASSWORD", false),
        ("REDIS_MASTER_PASSWORD=", "{{ .Values.redis.password }}", false),
        ("REDIS_MASTER_PASSWORD=", "\n", false),
        ("PASSWORD=", "<password1>", false),
        ("PASSWORD=", "xxxxxx1", false),
        ("PASSWORD=", "/run/secrets/db1", false),
        ("PASSWORD_FILE=", "/run/secrets/db1", false),
        ("token = ", "data.vault.secret1", false),
        ("token=", "get_token(1)", false),
        ("password=", "prompted", false),
        ("ghcr.io/a/token:", "v1.2.3", false),
        ("--token-ttl=", "30m0s123", false),
        ("max_tokens=", "4096abc", false),
        ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:", "db-a1b2c3", false),
        ("0123456789abcdef0123", "456789abcdef01234567", false),
        ("just some words", " and 1 number", false),
        ("", "", false),
    ];
    for (start, end, expected) in rows {
        let text = format!("{start}{end}");
        assert_eq!(find(&text).is_some(), expected, "{text}: {:?}", find(&text));
    }
    let text = "user=a\npassword=Tr0ub4dor\n";
    assert_eq!(find(text).map(|range| &text[range]), Some("Tr0ub4dor"));
}

#[test]
fn names() {
    let yes = "PASSWORD DB_PASSWORD db-password dbPassword MYSQL_ROOT_PASSWORD SECRET CLIENT_SECRET clientSecret TOKEN GITHUB_TOKEN API_KEY \
               apiKey APIKey STRIPE_API_KEY PRIVATE_KEY privateKey SSH_PRIVATE_KEY AWS_SECRET_ACCESS_KEY aws_access_key secret_key PASSPHRASE \
               DB_PWD WEBPASSWORD k8svaultapikey credentials SECRET_KEY_BASE db.password ENCRYPTION_KEY POSTGRES_PASSWORD administrator_login_password";
    let no = "PASSWORD_FILE TOKEN_URL SECRET_NAME secretName AWS_ACCESS_KEY_ID PUBLIC_KEY KEY_ID KEY MONKEY PWD OLDPWD OLD_PWD BYPASS \
              PASSWORD_LENGTH token_ttl MAX_TOKENS disable_password_authentication ALLOW_EMPTY_PASSWORD MYSQL_ALLOW_EMPTY_PASSWORD \
              PUBLIC_TOKEN imagePullSecret existingSecret secretKeyRef tokenReview GOOGLE_APPLICATION_CREDENTIALS proxy_pass color \
              password_policy pass customer_master_key_spec secret_arn user host HOME passwordKey key_vault_secret_id secret_permissions";
    for text in yes.split_whitespace() {
        assert!(name(text), "{text}");
    }
    for text in no.split_whitespace() {
        assert!(!name(text), "{text}");
    }
}
