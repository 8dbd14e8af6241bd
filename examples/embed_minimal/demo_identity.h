#pragma once

#include "covey/base/secret.h"

// A device's identity for this example, and for nothing else: its key is published here. A real
// device makes its key on first start, keeps it in the platform's key store, and gets its
// certificate from the federation's authority.
namespace demo_identity {

covey::SecretKey signing_seed();
covey::Bytes certificate_chain();  // DER, for that key
covey::Bytes trusted_root();       // DER: the authority that issued it

}  // namespace demo_identity
