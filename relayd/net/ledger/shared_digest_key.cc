#include "relayd/net/ledger/shared_digest_key.h"

#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/net/ledger/shared_doubt_text.h"

namespace tsmtp::net {
namespace {

constexpr std::string_view kFirstField = "1 ";

}  // namespace

void SharedDigestKey::agree(Agreed agreed) {
  const etcd::Range key{.key = key_in_etcd()};
  etcd::Transaction transaction;
  transaction.when.push_back({.range = key});
  transaction.then.emplace_back(
      etcd::Put{.key = key.key, .value = std::string(kFirstField) + base::hex(holder_.key())});
  transaction.then.emplace_back(etcd::Put{.key = name_in_etcd(), .value = holder_.key_name()});
  transaction.otherwise.emplace_back(etcd::Get{.range = key});
  transaction.otherwise.emplace_back(etcd::Get{.range = {.key = name_in_etcd()}});
  store_.submit(std::move(transaction),
                lifetime_.guard([this, agreed = std::move(agreed)](const etcd::Result& result) {
                  agreed(found(result));
                }));
}

etcd::Compare SharedDigestKey::is_still_ours() const {
  return {.range = {.key = name_in_etcd()}, .value = name_};
}

base::Result<void> SharedDigestKey::found(const etcd::Result& result) {
  if (!result) return base::Error{result.error().cause};
  if (!result->held) {
    if (result->got.size() != 2 || result->got[0].size() != 1)
      return base::Error{"etcd has not said what " + key_in_etcd() + " is"};
    if (auto ok = take(result->got[0][0].value); !ok) return ok;
    const auto& name = result->got[1];
    if (name.size() != 1 || name[0].value != holder_.key_name())
      return base::Error{name_in_etcd() + " in etcd is not the name of " + key_in_etcd() +
                         "; delete it together with that"};
  }
  name_ = holder_.key_name();
  is_agreed_ = true;
  return {};
}

base::Result<void> SharedDigestKey::take(const std::string& value) {
  const auto key = value.starts_with(kFirstField)
                       ? bytes_of_hex(std::string_view(value).substr(kFirstField.size()), kBytes)
                       : std::nullopt;
  if (!key) return base::Error{key_in_etcd() + " in etcd is no key of digests that is understood"};
  if (*key == holder_.key()) return {};
  const bool is_in_doubt = doubts_.size() > 0;
  if (auto ok = holder_.adopt(*key, is_in_doubt); !ok) return ok;
  log_.log(base::LogLevel::kInfo,
           std::string("the key of digests is that of our site's other hubs from now on, as etcd has it") +
               (is_in_doubt ? "; mails that were in doubt before are recognised by the one before" : ""));
  return {};
}

}  // namespace tsmtp::net
