#include "relayd/etcd/gateway.h"

#include "relayd/etcd/base64.h"
#include "relayd/etcd/json_fields.h"

namespace tsmtp::etcd {

using nlohmann::json;

namespace {

// Base64 and numbers need no escaping: what is said is put together as text.
std::string key_of(const Range& range) {
  std::string out = R"("key":")" + to_base64(range.key) + '"';
  if (!range.end.empty()) out += R"(,"range_end":")" + to_base64(range.end) + '"';
  return out;
}

std::string text_of(const Compare& compare) {
  const std::string beginning = '{' + key_of(compare.range) + R"(,"result":"EQUAL",)";
  if (compare.value) return beginning + R"("target":"VALUE","value":")" + to_base64(*compare.value) + "\"}";
  // A key that is not there was made by revision 0; of a range this holds if no key is there.
  return beginning + R"("target":"CREATE","create_revision":"0"})";
}

std::string text_of(const Put& put) {
  std::string out =
      R"({"request_put":{"key":")" + to_base64(put.key) + R"(","value":")" + to_base64(put.value) + '"';
  if (put.lease != 0) out += R"(,"lease":")" + std::to_string(put.lease) + '"';
  return out + "}}";
}

std::string text_of(const Get& get) {
  std::string out = R"({"request_range":{)" + key_of(get.range);
  if (get.limit != 0) out += R"(,"limit":")" + std::to_string(get.limit) + '"';
  return out + "}}";
}

std::string text_of(const Delete& removal) {
  return R"({"request_delete_range":{)" + key_of(removal.range) + "}}";
}

std::string text_of(const Operation& operation) {
  return std::visit([](const auto& one) { return text_of(one); }, operation);
}

template <typename Things>
std::string list_of(const Things& things) {
  std::string out = "[";
  for (const auto& thing : things)
    out += (out.size() > 1 ? "," : "") + text_of(thing);
  return out + ']';
}

std::string text_of(const Transaction& transaction) {
  return R"({"compare":)" + list_of(transaction.when) + R"(,"success":)" + list_of(transaction.then) +
         R"(,"failure":)" + list_of(transaction.otherwise) + '}';
}

const Put* first_put(const Batch& batch) {
  for (const Transaction* transaction : batch)
    for (const auto* operations : {&transaction->then, &transaction->otherwise})
      for (const Operation& operation : *operations)
        if (const auto* put = std::get_if<Put>(&operation)) return put;
  return nullptr;
}

// etcd up to 3.5 does not see puts in inner transactions when it looks whether there is room (costTxn), and
// would grow beyond its quota. It counts this one, which is never done: the outer transaction has no
// condition that could fail.
std::string put_that_is_counted(const Batch& batch) {
  const Put* put = first_put(batch);
  return put == nullptr ? "" : text_of(Put{.key = put->key, .value = {}});
}

bool is_in(const Range& range, const std::string& key) {
  return range.end.empty() ? key == range.key : key >= range.key && key < range.end;
}

base::Error not_what_was_asked() {
  return {"its answer does not fit what was asked"};
}

base::Result<KeyValue> key_value_of(const json& from, const Range& range) {
  auto key = bytes_at(from, "key");
  if (!key) return key.error();
  if (!is_in(range, *key)) return not_what_was_asked();
  auto value = bytes_at(from, "value");
  if (!value) return value.error();
  const auto created = number_at(from, "create_revision");
  if (!created) return created.error();
  const auto modified = number_at(from, "mod_revision");
  if (!modified) return modified.error();
  if (*created <= 0 || *modified < *created) return not_what_was_asked();
  return KeyValue{
      .key = std::move(*key), .value = std::move(*value), .created = *created, .modified = *modified};
}

base::Result<std::vector<KeyValue>> got_by(const Get& get, const json& response) {
  std::vector<KeyValue> got;
  const json* all = member(response, "kvs");
  if (all == nullptr) return got;
  if (!all->is_array()) return not_what_was_asked();
  for (const json& one : *all) {
    auto row = key_value_of(one, get.range);
    if (!row) return row.error();
    if (!got.empty() && row->key <= got.back().key) return not_what_was_asked();
    got.push_back(std::move(*row));
  }
  if (get.limit > 0 && std::ssize(got) > get.limit) return not_what_was_asked();
  return got;
}

const char* response_key(const Operation& operation) {
  if (std::holds_alternative<Put>(operation)) return "response_put";
  return std::holds_alternative<Get>(operation) ? "response_range" : "response_delete_range";
}

// As many responses as operations, each of the kind that was asked for.
base::Result<const json*> responses_of(const json& from, std::size_t count) {
  static const json none = json::array();
  const json* responses = member(from, "responses");
  if (responses == nullptr) responses = &none;
  if (!responses->is_array() || responses->size() != count) return not_what_was_asked();
  return responses;
}

base::Result<Answer> answer_to(const Transaction& transaction, const json& from, std::int64_t revision) {
  const auto held = flag_at(from, "succeeded");
  if (!held) return held.error();
  Answer answer{.held = *held, .revision = revision};
  const auto& operations = *held ? transaction.then : transaction.otherwise;
  const auto responses = responses_of(from, operations.size());
  if (!responses) return responses.error();
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const json* response = member((**responses)[i], response_key(operations[i]));
    if (response == nullptr || !response->is_object()) return not_what_was_asked();
    const auto* get = std::get_if<Get>(&operations[i]);
    if (get == nullptr) continue;
    auto got = got_by(*get, *response);
    if (!got) return got.error();
    answer.got.push_back(std::move(*got));
  }
  return answer;
}

base::Result<std::int64_t> revision_of(const json& from) {
  const json* header = member(from, "header");
  if (header == nullptr) return not_what_was_asked();
  auto revision = number_at(*header, "revision");
  if (revision && *revision <= 0) return not_what_was_asked();
  return revision;
}

base::Result<Lease> lease_at(const json& from) {
  auto lease = number_at(from, "ID");
  if (lease && *lease == 0) return not_what_was_asked();
  return lease;
}

}  // namespace

Request transact(const Batch& batch) {
  constexpr std::string_view kPath = "/v3/kv/txn";
  if (batch.size() == 1) return {.path = kPath, .body = text_of(*batch.front())};
  std::string inner;
  for (const Transaction* transaction : batch)
    inner += (inner.empty() ? "" : ",") + (R"({"request_txn":)" + text_of(*transaction)) + '}';
  return {.path = kPath,
          .body = R"({"compare":[],"success":[)" + inner + R"(],"failure":[)" + put_that_is_counted(batch) +
                  "]}"};
}

base::Result<std::vector<Answer>> answers_to(const Batch& batch, std::string_view body) {
  const auto all = parse_object(body);
  if (!all) return all.error();
  const auto revision = revision_of(*all);
  if (!revision) return revision.error();
  std::vector<Answer> answers;
  if (batch.size() == 1) {
    auto answer = answer_to(*batch.front(), *all, *revision);
    if (!answer) return answer.error();
    answers.push_back(std::move(*answer));
    return answers;
  }
  const auto held = flag_at(*all, "succeeded");
  if (!held) return held.error();
  if (!*held) return not_what_was_asked();
  const auto responses = responses_of(*all, batch.size());
  if (!responses) return responses.error();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const json* inner = member((**responses)[i], "response_txn");
    if (inner == nullptr || !inner->is_object()) return not_what_was_asked();
    auto answer = answer_to(*batch[i], *inner, *revision);
    if (!answer) return answer.error();
    answers.push_back(std::move(*answer));
  }
  return answers;
}

Request grant(std::chrono::seconds time_to_live) {
  return {.path = "/v3/lease/grant", .body = R"({"TTL":")" + std::to_string(time_to_live.count()) + "\"}"};
}

base::Result<Lease> granted(std::string_view body) {
  const auto all = parse_object(body);
  if (!all) return all.error();
  return lease_at(*all);
}

Request keep_alive(Lease lease) {
  return {.path = "/v3/lease/keepalive", .body = R"({"ID":")" + std::to_string(lease) + "\"}"};
}

// {"result":{"ID":"77","TTL":"30"}}, the first of a stream that has no other; without TTL when it has ended.
base::Result<Lease> kept(Lease lease, std::string_view body) {
  const auto all = parse_object(body);
  if (!all) return all.error();
  const json* result = member(*all, "result");
  if (result == nullptr) return not_what_was_asked();
  const auto id = lease_at(*result);
  if (!id) return id.error();
  const auto left = number_at(*result, "TTL");
  if (!left) return left.error();
  if (*id != lease) return not_what_was_asked();
  return *left > 0 ? lease : Lease{0};
}

Request revoke(Lease lease) {
  return {.path = "/v3/lease/revoke", .body = R"({"ID":")" + std::to_string(lease) + "\"}"};
}

Request log_in(std::string_view user, std::string_view password) {
  const json said = {{"name", user}, {"password", password}};
  return {.path = "/v3/auth/authenticate", .body = said.dump(-1, ' ', false, json::error_handler_t::replace)};
}

base::Result<std::string> token(std::string_view body) {
  const auto all = parse_object(body);
  if (!all) return all.error();
  auto said = text_at(*all, "token");
  if (!said) return said.error();
  for (const char c : *said)
    if (c <= ' ' || c > '~') return not_what_was_asked();
  if (said->empty()) return not_what_was_asked();
  return said;
}

Request watch(const std::vector<WatchRequest>& watches) {
  std::string all;
  for (const WatchRequest& one : watches) {
    all += R"({"create_request":{)" + key_of(one.range) + R"(,"watch_id":")" + std::to_string(one.id) + '"';
    if (one.from > 0) all += R"(,"start_revision":")" + std::to_string(one.from) + '"';
    all += "}}";
  }
  return {.path = "/v3/watch", .body = std::move(all)};
}

}  // namespace tsmtp::etcd
