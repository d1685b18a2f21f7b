// A member of etcd as its gateway shows it, in memory: it takes the JSON of transactions and gives that of
// answers. Of several transactions in one it judges all compares first, as etcd does.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "relayd/etcd/base64.h"
#include "relayd/etcd/transaction.h"
#include "tests/support/fake_etcd.h"

namespace tsmtp::etcd {

using nlohmann::json;

inline std::string bytes_in(const json& object, const char* key) {
  return *from_base64(object.value(key, std::string()));
}

inline Range range_in(const json& object) {
  return {.key = bytes_in(object, "key"), .end = bytes_in(object, "range_end")};
}

inline std::vector<Operation> operations_in(const json& list) {
  std::vector<Operation> out;
  for (const json& one : list) {
    if (one.contains("request_put")) {
      const json& put = one["request_put"];
      out.emplace_back(Put{.key = bytes_in(put, "key"), .value = bytes_in(put, "value")});
    } else if (one.contains("request_range")) {
      out.emplace_back(Get{.range = range_in(one["request_range"])});
    } else {
      out.emplace_back(Delete{.range = range_in(one["request_delete_range"])});
    }
  }
  return out;
}

inline Transaction transaction_in(const json& from) {
  Transaction out{.then = operations_in(from["success"]), .otherwise = operations_in(from["failure"])};
  for (const json& one : from["compare"]) {
    Compare compare{.range = range_in(one)};
    if (one["target"] == "VALUE") compare.value = bytes_in(one, "value");
    out.when.push_back(compare);
  }
  return out;
}

inline json response_to(const Transaction& transaction, const Answer& answer) {
  json responses = json::array();
  std::size_t gets = 0;
  for (const Operation& operation : answer.held ? transaction.then : transaction.otherwise) {
    if (std::holds_alternative<Put>(operation)) {
      responses.push_back({{"response_put", json::object()}});
    } else if (std::holds_alternative<Delete>(operation)) {
      responses.push_back({{"response_delete_range", json::object()}});
    } else {
      json rows = json::array();
      for (const KeyValue& row : answer.got.at(gets++))
        rows.push_back({{"key", to_base64(row.key)},
                        {"value", to_base64(row.value)},
                        {"create_revision", std::to_string(row.created)},
                        {"mod_revision", std::to_string(row.modified)}});
      responses.push_back({{"response_range", {{"kvs", rows}}}});
    }
  }
  json out = {{"responses", responses}};
  if (answer.held) out["succeeded"] = true;
  return out;
}

/// Does what `body` asks for to `data`, and answers.
inline std::string play(support::FakeEtcdData& data, const std::string& body) {
  const json request = json::parse(body);
  const bool is_batch = !request["success"].empty() && request["success"][0].contains("request_txn");
  std::vector<Transaction> inner;
  for (const json& one : is_batch ? request["success"] : json::array({{{"request_txn", request}}}))
    inner.push_back(transaction_in(one["request_txn"]));
  std::vector<bool> held;
  for (const Transaction& one : inner)
    held.push_back(data.apply({.when = one.when})->held);
  std::vector<json> responses;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    auto answer = data.apply({.then = held[i] ? inner[i].then : inner[i].otherwise});
    EXPECT_TRUE(answer);
    answer->held = held[i];
    responses.push_back(response_to(inner[i], *answer));
  }
  json out = responses.front();
  if (is_batch) {
    out = {{"succeeded", true}, {"responses", json::array()}};
    for (const json& one : responses)
      out["responses"].push_back({{"response_txn", one}});
  }
  out["header"] = {{"revision", std::to_string(data.revision())}};
  return out.dump();
}

}  // namespace tsmtp::etcd
