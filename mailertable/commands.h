// The subcommands. Each reads its own arguments, argv[0] being its name, and returns an exit status of
// sysexits(3).
#pragma once

namespace tsmtp::mailertable {

/// mailertable build [-t hash|btree] [-o DB] FILE
int run_build(int argc, char** argv);

/// mailertable check FILE
int run_check(int argc, char** argv);

}  // namespace tsmtp::mailertable
