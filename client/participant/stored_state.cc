#include "covey/client/stored_state.h"

namespace covey::client {

Result<StoredState> StoredState::read(Storage& storage) {
  StoredState state;
  COVEY_ASSIGN_OR_RETURN(state.ledger, storage.get(storage_key::kLedger));
  auto limits = storage.get(storage_key::kLimits);
  if (!limits && limits.error().code != ErrorCode::kDataLoss) return std::move(limits).error();
  state.limits = limits ? std::move(*limits) : SecretBytes();  // damaged: what restores nothing
  auto round = storage.get(storage_key::kRound);
  auto session = storage.records(storage_key::kSession);
  for (const Error* error :
       {round ? nullptr : &round.error(), session ? nullptr : &session.error()}) {
    if (error == nullptr) continue;
    if (error->code != ErrorCode::kDataLoss) return *error;
    state.damaged_round = *error;
  }
  if (round) state.round = std::move(*round);
  if (session) state.session = std::move(*session);
  return state;
}

}  // namespace covey::client
