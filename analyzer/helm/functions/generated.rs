//! What is made up at installation: random texts, keys and certificates. Texts of the right shape stand in for them.

use super::{Answer, Function, plain};
use crate::object::Object;
use crate::run::Call;
use crate::value::{Data, Origin, Value};

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n";

pub(super) const TABLE: &[Function] = &[
    plain("randAlphaNum", "i", |call| random(call, "x")),
    plain("randAlpha", "i", |call| random(call, "x")),
    plain("randAscii", "i", |call| random(call, "x")),
    plain("randNumeric", "i", |call| random(call, "1")),
    plain("randBytes", "i", |call| random(call, "x")),
    plain("randInt", "ii", |call| {
        Ok(Value { data: Data::Int(call.int(0)), origin: Origin { opaque: true, ..Origin::default() } })
    }),
    plain("shuffle", "s", |call| Ok(Value::opaque(call.str(0)))),
    plain("uuidv4", "", |_| Ok(Value::opaque("00000000-0000-4000-8000-000000000000"))),
    plain("htpasswd", "ss", |call| Ok(Value::opaque(format!("{}:$2a$10$hash", call.str(0))))),
    plain("bcrypt", "s", |_| Ok(Value::opaque("$2a$10$hash"))),
    plain("derivePassword", "issss", |_| Ok(Value::opaque("derived"))),
    plain("encryptAES", "ss", |_| Ok(Value::opaque("encrypted"))),
    plain("decryptAES", "ss", |_| Ok(Value::opaque("decrypted"))),
    plain("genPrivateKey", "s", |_| Ok(Value::opaque(KEY))),
    plain("genCA", "si", |_| Ok(certificate())),
    plain("genCAWithKey", "sis", |_| Ok(certificate())),
    plain("genSelfSignedCert", "saai", |_| Ok(certificate())),
    plain("genSelfSignedCertWithKey", "saais", |_| Ok(certificate())),
    plain("genSignedCert", "saaia", |_| Ok(certificate())),
    plain("genSignedCertWithKey", "saaias", |_| Ok(certificate())),
    plain("buildCustomCert", "ss", |call| {
        let part = |at: usize| {
            super::encoding::from_base64(call.str(at))
                .map(|text| Value { data: Value::string(text).data, origin: call.value(at).origin })
        };
        Ok(Object::structure("sprig.certificate", [("Cert", part(0)?), ("Key", part(1)?)], None))
    }),
];

fn random(call: &Call<'_>, letter: &str) -> Answer {
    let count = usize::try_from(call.int(0)).map_err(|_| "a random text needs a length".to_owned())?;
    Ok(Value::opaque(letter.repeat(count.min(4096))))
}

fn certificate() -> Value {
    Object::structure("sprig.certificate", [("Cert", Value::opaque(CERTIFICATE)), ("Key", Value::opaque(KEY))], None)
}
