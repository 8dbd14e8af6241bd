#include "client/agent/receipt_book.h"

#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/client/agent.h"
#include "covey/client/stored_state.h"

namespace covey::client {
namespace {

constexpr std::uint32_t kFormat = 1;

}  // namespace

Status ReceiptBook::open(Storage& storage) {
  COVEY_ASSIGN_OR_RETURN(const auto saved, storage.get(storage_key::kReceipts));
  if (!saved) return {};
  ByteReader in(saved->reveal());
  if (in.u32() != kFormat) in.fail();
  bool is_damaged = false;
  const std::lock_guard lock(mutex_);
  receipts_.clear();
  while (in.ok() && in.remaining() > 0) {
    auto receipt = Receipt::from_bytes(in.sized());
    if (receipt) {
      receipts_.push_back(std::move(*receipt));
    } else {
      is_damaged = true;
    }
  }
  if (!in.ok() || is_damaged) {
    return Error{ErrorCode::kDataLoss, "some of the saved receipts are damaged and left out"};
  }
  return {};
}

Status ReceiptBook::write(Receipt receipt, Storage& storage) {
  Bytes saved;
  {
    const std::lock_guard lock(mutex_);
    if (!receipts_.empty() && receipts_.back().task == receipt.task &&
        receipts_.back().round == receipt.round) {
      receipts_.pop_back();
    }
    receipts_.push_back(std::move(receipt));
    while (receipts_.size() > kept_) receipts_.pop_front();
    saved = to_bytes();
  }
  return storage.put(storage_key::kReceipts, saved);
}

std::vector<Receipt> ReceiptBook::all() const {
  const std::lock_guard lock(mutex_);
  return {receipts_.begin(), receipts_.end()};
}

Bytes ReceiptBook::to_bytes() const {
  ByteWriter out;
  out.u32(kFormat);
  for (const Receipt& receipt : receipts_) out.sized(receipt.to_bytes());
  return out.take();
}

Result<std::vector<Receipt>> stored_receipts(Storage& storage) {
  ReceiptBook book(0);
  COVEY_RETURN_IF_ERROR(book.open(storage));
  return book.all();
}

}  // namespace covey::client
