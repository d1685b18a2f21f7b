#include "mailertable/makemap/makemap_options.h"

#include <fmt/format.h>
#include <getopt.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace tsmtp::mailertable {
namespace {

int usage(const std::string& program) {
  const std::string indent(program.size(), ' ');
  fmt::print(stderr,
             "Usage: {0} [-C cffile] [-N] [-c cachesize] [-D commentchar]\n"
             "       {1} [-d] [-e] [-f] [-i type] [-l] [-o] [-r] [-s] [-t delimiter]\n"
             "       {1} [-u] [-v] type mapname\n",
             program, indent);
  return EX_USAGE;
}

/// The types, as -l (names), -x (with the ending of the file) and -L (with those that ask sendmail.cf) list
/// them.
int list_types(int option) {
  const bool with_ending = option == 'x';
  // Its two output buffers reach a file or pipe in this order.
  const bool cf_first = ::isatty(STDOUT_FILENO) == 0;
  if (option == 'L' && cf_first) fmt::print("cf\nCF\n");
  fmt::print("hash{0}\nbtree{0}\nimplicit{1}\n", with_ending ? ":db" : "", with_ending ? ":" : "");
  if (option == 'L' && !cf_first) fmt::print("cf\nCF\n");
  return EX_OK;
}

void set_separator(MakemapOptions& options, const char* argument) {
  if (*argument == '\0')
    fmt::print(stderr, "Invalid separator\n");  // and makemap goes on without
  else
    options.separator = *argument;
}

/// One option; an exit status if it ends the program.
std::optional<int> take(int option, MakemapOptions& options) {
  switch (option) {
    case 'C':
      options.cf = optarg;
      break;
    case 'D':
      options.comment = *optarg;
      break;
    case 'N':
      options.with_nul = true;
      break;
    case 'c':
      options.cache_bytes = std::atol(optarg);
      break;
    case 'd':
      options.duplicates = true;
      break;
    case 'e':
      options.allow_empty = true;
      break;
    case 'f':
      options.fold_case = false;
      break;
    case 'i':
      options.fallback = optarg;
      break;
    case 'o':
      options.add = true;
      break;
    case 'r':
      options.replace = true;
      break;
    case 's':
      options.trust_paths = true;
      break;
    case 't':
      set_separator(options, optarg);
      break;
    case 'u':
      options.unmake = true;
      break;
    case 'v':
      options.verbose = true;
      break;
    case 'L':
    case 'l':
    case 'x':
      return list_types(option);
    default:
      return usage(options.program);
  }
  return std::nullopt;
}

}  // namespace

std::optional<int> read_makemap_options(int argc, char** argv, MakemapOptions& options) {
  const std::string path = argv[0];
  options.program = path.substr(path.rfind('/') + 1);
  optind = 1;
  for (int option = 0; (option = ::getopt(argc, argv, "C:D:Nc:defi:Llorst:uvx")) != -1;) {
    if (const auto status = take(option, options)) return status;
  }
  if (argc - optind != 2) return usage(options.program);
  options.type = argv[optind];
  options.map = argv[optind + 1];
  return std::nullopt;
}

}  // namespace tsmtp::mailertable
