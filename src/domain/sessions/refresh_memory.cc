#include "domain/sessions/refresh_memory.h"

#include <utility>

namespace latchkey::sessions {

// The low bits are those of the device's key, and the high ones the time: none is spread evenly.
std::size_t RefreshMemory::place(SessionId id) const {
  auto bits = static_cast<std::uint64_t>(std::to_underlying(id));
  bits = (bits ^ (bits >> 32)) * 0x9e3779b97f4a7c15;
  return static_cast<std::size_t>((bits ^ (bits >> 32)) % capacity_);
}

RefreshMemory::Entry* RefreshMemory::entry(SessionId id) const {
  if (blocks_.empty()) return nullptr;
  const std::size_t at = place(id);
  Block* const block = blocks_[at / kBlock].get();
  if (block == nullptr) return nullptr;
  Entry& entry = (*block)[at % kBlock];
  return entry.id == id ? &entry : nullptr;
}

std::optional<Record> RefreshMemory::find(SessionId id) const {
  const std::scoped_lock lock(mutex_);
  const Entry* const found = entry(id);
  if (found == nullptr) return std::nullopt;
  Record record;
  record.id = id;
  record.nonce = found->nonce;
  record.refreshes = found->refreshes;
  if (found->grant) record.grant = *found->grant;
  record.created_at = found->created_at;
  record.issued = found->issued;
  record.issued_at = found->issued_at;
  record.seen = found->issued - 1;
  record.seen_at = record.seen_issued_at = record.previous_issued_at = found->issued_at;
  record.last_active_at = found->issued_at;
  return record;
}

void RefreshMemory::keep(const Record& record) {
  if (capacity_ == 0) return;
  std::unique_ptr<const ClientGrant> grant;
  if (record.grant) grant = std::make_unique<const ClientGrant>(*record.grant);
  const std::size_t at = place(record.id);
  const std::scoped_lock lock(mutex_);
  if (blocks_.empty()) blocks_.resize(capacity_ / kBlock + 1);
  auto& block = blocks_[at / kBlock];
  if (block == nullptr) block = std::make_unique<Block>();
  (*block)[at % kBlock] = {.id = record.id,
                           .nonce = record.nonce,
                           .issued = record.issued,
                           .refreshes = record.refreshes,
                           .issued_at = record.issued_at,
                           .created_at = record.created_at,
                           .grant = std::move(grant)};
}

void RefreshMemory::forget(SessionId id) {
  const std::scoped_lock lock(mutex_);
  if (Entry* const found = entry(id)) *found = {};
}

}  // namespace latchkey::sessions
