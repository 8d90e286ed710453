"""Faults that are planted into the extension after maintain: the histories must catch each."""


class Fault:
    sql = None

    def plant(self, player):
        player.session("s").must(self.sql)

    def after(self, player, step):
        """After each step."""


FAULTS = {}

if __name__ == "__main__":
    print(" ".join(FAULTS))
