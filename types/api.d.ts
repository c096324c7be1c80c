// Types of the page's API client, derived from the generated description of segue's HTTP API.

import type { paths } from "./openapi";

type Root = "/api/v1";
type Method = "get" | "post" | "patch" | "delete";

/** The operation of a method at a path. */
type Operation<P extends string, M extends Method> = `${Root}${P}` extends keyof paths
  ? M extends keyof paths[`${Root}${P}`]
    ? paths[`${Root}${P}`][M]
    : never
  : never;

type Parameters<O, Where extends string> = O extends { parameters: infer All }
  ? Where extends keyof All
    ? NonNullable<All[Where]>
    : Record<never, never>
  : Record<never, never>;

/** Fields of a request may be left out where they have defaults. */
type Input<T> = T extends unknown[] ? T : T extends object ? { [K in keyof T]?: Input<T[K]> } : T;

type JsonOf<R> = R extends { content: { "application/json": infer Body } } ? Body : null;

declare global {
  namespace Api {
    /** Paths, without the root, that have an operation of a method. */
    type PathOf<M extends Method> = {
      [K in keyof paths]: paths[K] extends { [method in M]: { responses: unknown } }
        ? K extends `${Root}${infer P}`
          ? P
          : never
        : never;
    }[keyof paths];

    /** Parameters in the path, the query, and the signal that cancels the request. */
    type Options<P extends string, M extends Method> = {
      params?: { [K in keyof Parameters<Operation<P, M>, "path">]: string | number };
      query?: { [K in keyof Parameters<Operation<P, M>, "query">]?: unknown };
      signal?: AbortSignal;
    };

    /** JSON body of a request. */
    type Body<P extends string, M extends Method> =
      Operation<P, M> extends { requestBody: infer R }
        ? Input<JsonOf<R>>
        : Operation<P, M> extends { requestBody?: infer R }
          ? [NonNullable<R>] extends [never]
            ? undefined
            : Input<JsonOf<NonNullable<R>>> | undefined
          : undefined;

    /** JSON body of a successful answer. */
    type Answer<P extends string, M extends Method> =
      Operation<P, M> extends { responses: infer R }
        ? { [S in keyof R]: S extends 200 | 201 | 202 ? JsonOf<R[S]> : never }[keyof R]
        : never;

    type Problem =
      paths["/api/v1/me"]["get"]["responses"][401]["content"]["application/problem+json"];
    type Job = Answer<"/jobs", "get">["items"][number];
    type Me = Answer<"/me", "get">;
    type Recommendation = Answer<"/recommend", "post">["tracks"][number];
    type Session = Answer<"/session", "get">;
    type Track = Answer<"/tracks/{track_id}", "get">;
  }
}
