"""Collaborative models: fitted on user-item matrices, they score items for any history."""

from segue.listening.als import Als
from segue.listening.als_solver import AlsSettings
from segue.listening.collaborative import Collaborative, CollaborativeSettings
from segue.listening.content import ContentMap
from segue.listening.ease import Ease, EaseSettings
from segue.listening.hidden_likes import hide
from segue.listening.model import ListeningModel
from segue.listening.neighbours import ItemKnn, ItemKnnSettings, Rp3Beta, Rp3BetaSettings
from segue.listening.search import Searched, search

__all__ = [
    "Als",
    "AlsSettings",
    "Collaborative",
    "CollaborativeSettings",
    "ContentMap",
    "Ease",
    "EaseSettings",
    "ItemKnn",
    "ItemKnnSettings",
    "ListeningModel",
    "Rp3Beta",
    "Rp3BetaSettings",
    "Searched",
    "hide",
    "search",
]
